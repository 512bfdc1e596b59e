"""Measure what trials side by side bring: trials a minute of one worker and of two, each with one thread.

    python -m benchmarks.workers [--trials 24] [--repeats 3] [--executor ray]

Every trial fine-tunes the embedded backbone once, for the same number of epochs, on scikit-learn's digits
with a validation part of their own: none is stopped early or run on several folds, so that all are equally
long. On an idle machine with two cores or more, two workers are to end at least 1.7 times as many trials a
minute as one. Starting a worker takes it some seconds, once: the table has the whole time of the search, and
the pace from the end of the second trial on, when both are at work.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

import autotl
from autotl.terminal import Silence
from benchmarks.installed import with_plugin

IMAGES = {"train": 500, "val": 100, "test": 100}
RUN = "import sys; from benchmarks.workers import search; search(*sys.argv[1:])"


def search(out: str, workers: str, executor: str, trials: str, seed: str) -> None:
    """Run one search and print, as JSON, how long it took and when each trial ended, in seconds."""
    data = Path(out).parent / "digits"
    if not data.exists():
        draw(data)
    result = autotl.fit(
        data,
        out=out,
        backbone="tiny",
        strategies="brief",
        trials=int(trials),
        image_size=32,
        workers=int(workers),
        executor=executor,
        experience=False,
        seed=int(seed),
        watch=Silence(),
    )
    trials = result.trials()
    ended = sorted(trials["finished_at"])
    assert set(trials["state"]) == {"complete"}
    assert set(trials["folds"]) == {1}
    print(json.dumps({"seconds": result.report["cost"]["search_seconds"], "ended": ended}))


def draw(folder: Path) -> None:
    """Write the digits as images of 32 pixels, in the folder's parts."""
    digits = load_digits()
    images = np.repeat(np.repeat((digits.images * 15.9).astype(np.uint8), 4, axis=1), 4, axis=2)
    parts = np.repeat(list(IMAGES), list(IMAGES.values()))
    for i, (part, label, image) in enumerate(zip(parts, digits.target, images, strict=False)):
        place = folder / part / str(label)
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{i}.png")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trials", type=int, default=24, help="of each search")
    parser.add_argument("--repeats", type=int, default=3, help="of the pair, each with another seed")
    parser.add_argument("--executor", default="processes", help="that runs the two workers")
    given = parser.parse_args()
    whole: list[float] = []
    steady: list[float] = []
    print("seed  workers  seconds  trials a minute  steady")
    with tempfile.TemporaryDirectory() as folder:
        environment = with_plugin(Path(folder), "benchmarks.brief") | {"OMP_NUM_THREADS": "1"}
        for seed in range(given.repeats):
            paces = []
            for workers, executor in ((1, "serial"), (2, given.executor)):
                out = str(Path(folder) / f"{seed}-{workers}")
                words = [out, str(workers), executor, str(given.trials), str(seed)]
                said = subprocess.run(
                    [sys.executable, "-c", RUN, *words], env=environment, check=True, stdout=subprocess.PIPE
                )
                found = json.loads(said.stdout.splitlines()[-1])
                ended = found["ended"]
                late = 60 * (len(ended) - 2) / (ended[-1] - ended[1])
                paces.append((60 * len(ended) / found["seconds"], late))
                row = (seed, workers, found["seconds"], *paces[-1])
                print("{:4}  {:7}  {:7.1f}  {:15.1f}  {:6.1f}".format(*row), flush=True)
            (one, one_late), (two, two_late) = paces
            whole.append(two / one)
            steady.append(two_late / one_late)
    print(
        f"median of two workers to one: {median(whole):.2f} times, {median(steady):.2f} once both are at work"
    )


if __name__ == "__main__":
    main()
