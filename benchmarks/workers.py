"""Measure what trials side by side bring: trainings a minute of one worker and of two, each with one thread.

    OMP_NUM_THREADS=1 python benchmarks/workers.py [--seconds 20]

Both searches have the embedded backbone, scikit-learn's digits and the same number of seconds. On an idle
machine with two cores or more, two workers are to end well above 1.5 times as many trainings as one; starting
them takes a few seconds, which count.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

import autotl
from autotl.terminal import Silence


def trainings_a_minute(folder: Path, *, workers: int, seconds: float) -> tuple[int, float]:
    """How many trainings, of a trial on a fold, a search has ended, and how many that is a minute."""
    digits = load_digits()
    images = np.repeat(np.repeat((digits.images * 15.9).astype(np.uint8), 4, axis=1), 4, axis=2)
    result = autotl.fit(
        (images[:800], [str(label) for label in digits.target[:800]]),
        out=folder,
        backbone="tiny",
        strategies=["finetune", "from_scratch"],
        budget=seconds,
        image_size=32,
        workers=workers,
        experience=False,
        watch=Silence(),
    )
    ended = int(result.trials()["folds"].sum())
    return ended, 60 * ended / result.report["cost"]["search_seconds"]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="the budget of each search")
    seconds = parser.parse_args().seconds
    print("workers  trainings  a minute  times")
    first = None
    with tempfile.TemporaryDirectory() as folder:
        for workers in (1, 2):
            ended, pace = trainings_a_minute(Path(folder) / str(workers), workers=workers, seconds=seconds)
            first = first or pace
            print(f"{workers:7}  {ended:9}  {pace:8.1f}  {pace / first:5.2f}")


if __name__ == "__main__":
    main()
