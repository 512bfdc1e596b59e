"""Measure the speed-up of parallel trials: trials per minute with one and two workers of one thread each.

    python -m benchmarks.workers [--trials 24] [--repeats 3] [--executor ray]

Every trial fine-tunes the embedded backbone for the same number of epochs on scikit-learn's digits. Trials
are not pruned, and use a single validation set, so all take the same time. On an idle machine with two or
more cores, two workers should finish at least 1.7 times as many trials per minute as one. The start of a
worker takes some seconds. The table has the time of the whole search, and the pace after the second trial,
when both workers are running.
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
    """Run one search, and print its duration and the end of each trial in seconds, as JSON.

    Args:
        out: The run folder.
        workers: Number of workers.
        executor: Name of the executor.
        trials: Number of trials.
        seed: The seed.
    """
    data = Path(out).parent / "digits"
    if not data.exists():
        write_digits(data)
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


def write_digits(folder: Path) -> None:
    """Write the digits as images of 32 pixels, divided into training, validation and test set."""
    digits = load_digits()
    images = np.repeat(np.repeat((digits.images * 15.9).astype(np.uint8), 4, axis=1), 4, axis=2)
    parts = np.repeat(list(IMAGES), list(IMAGES.values()))
    for i, (part, label, image) in enumerate(zip(parts, digits.target, images, strict=False)):
        class_folder = folder / part / str(label)
        class_folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(class_folder / f"{i}.png")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trials", type=int, default=24, help="trials of each search")
    parser.add_argument("--repeats", type=int, default=3, help="number of seeds")
    parser.add_argument("--executor", default="processes", help="executor of the two workers")
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
                command = [sys.executable, "-c", RUN]
                command += [out, str(workers), executor, str(given.trials), str(seed)]
                done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
                found = json.loads(done.stdout.splitlines()[-1])
                ended = found["ended"]
                steady_pace = 60 * (len(ended) - 2) / (ended[-1] - ended[1])
                paces.append((60 * len(ended) / found["seconds"], steady_pace))
                row = (seed, workers, found["seconds"], *paces[-1])
                print("{:4}  {:7}  {:7.1f}  {:15.1f}  {:6.1f}".format(*row), flush=True)
            (one, one_steady), (two, two_steady) = paces
            whole.append(two / one)
            steady.append(two_steady / one_steady)
    print(f"median speed-up of two workers: {median(whole):.2f}, {median(steady):.2f} when both are running")


if __name__ == "__main__":
    main()
