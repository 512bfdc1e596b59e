"""Kill runs at random moments and resume them: ``python -m benchmarks.kills --kills 200``.

A run on generated images is started by the command line, killed with SIGKILL after a random time, and resumed
until it ends, with further kills. After each kill, the journal is compared with its previous state, and every
file of the run is read. Counts lost scored trials, unreadable files, and runs without a report. Prints a line
for each kill, and the counts at the end.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from autotl.testing import tiny_images
from benchmarks.kills.files import broken_files, scored_trials

TRIALS = 6
TIMEOUT = 300.0
"""Seconds after which a run that was not killed counts as hanging."""


@dataclass
class Count:
    """The results so far.

    Attributes:
        kills: Number of kills.
        runs: Number of runs.
        lost: Lost trials.
        corrupt: Unreadable files.
        failed: Runs without a report.
    """

    kills: int = 0
    runs: int = 0
    lost: list[str] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def main() -> int:
    """Kill as often as the command line says, and print the losses."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--trials", type=int, default=TRIALS, help="trials of each run")
    given = parser.parse_args()
    rng, count = random.Random(given.seed), Count()
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        data = write_images(Path(folder) / "data")
        seconds = seconds_of_a_run(data, Path(folder) / "whole", given.trials)
        print(f"A run takes {seconds:.1f} s.", flush=True)
        while count.kills < given.kills:
            start = Start(data, Path(folder) / f"run-{count.runs:03d}", given.trials)
            kill_and_resume(start, seconds, rng, count, given.kills)
    print(
        f"{count.kills} kills in {count.runs} runs: {len(count.lost)} scored trials lost, "
        f"{len(count.corrupt)} corrupt files, {len(count.failed)} runs without a report."
    )
    for line in (*count.lost, *count.corrupt, *count.failed):
        print(line)
    return bool(count.lost or count.corrupt or count.failed)


@dataclass(frozen=True, slots=True)
class Start:
    """The arguments of a run: data set, run folder, and number of trials."""

    data: Path
    run: Path
    trials: int


def kill_and_resume(start: Start, seconds: float, rng: random.Random, count: Count, max_kills: int) -> None:
    """Start a run, kill and resume it until it ends, and count the losses.

    Args:
        start: The run.
        seconds: Duration of a run without kills.
        rng: Draws the times of the kills.
        count: Receives the results.
        max_kills: Number of kills over all runs, after which the run may end.
    """
    run = start.run
    count.runs += 1
    known: set[str] = set()
    while True:
        kills = count.kills < max_kills
        after = rng.uniform(0, 1.1 * seconds) if kills else TIMEOUT
        ended, output = run_until(start, after)
        if ended is None and not kills:
            count.failed.append(f"{run.name}: hangs")
            return
        now = scored_trials(run)
        count.lost += [f"{run.name}: trial {name} is gone" for name in sorted(known - now)]
        known = now
        count.corrupt += [f"{run.name}: {each}" for each in broken_files(run)]
        if ended is None:
            count.kills += 1
            print(f"{run.name}: killed after {after:.1f} s, {len(now)} trials scored", flush=True)
            continue
        # exit code 2 with a report: the run had ended before it was killed
        if ended not in (0, 2) or not (run / "report.json").is_file():
            count.failed.append(f"{run.name}: exit {ended}: {output[-300:]}")
        return


def run_until(start: Start, after: float) -> tuple[int | None, str]:
    """Start or resume a run, and kill it after a time.

    Args:
        start: The run.
        after: Seconds.

    Returns:
        The exit code, None if it was killed, and the output.
    """
    arguments = ["resume", str(start.run)]
    if not (start.run / "run.json").is_file():
        arguments = ["fit", str(start.data), "--out", str(start.run), "--trials", str(start.trials)]
        arguments += ["--backbone", "tiny", "--strategy", "linear_probe", "--image-size", "32"]
        arguments += ["--no-experience"]
    process = subprocess.Popen(
        [sys.executable, "-m", "autotl", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        output, _ = process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return None, ""
    return process.returncode, output.decode(errors="replace")


def seconds_of_a_run(data: Path, run: Path, trials: int) -> float:
    """Run without a kill, and return the duration in seconds.

    Args:
        data: The data set.
        run: The run folder.
        trials: Number of trials.
    """
    started = time.monotonic()
    ended, output = run_until(Start(data, run, trials), TIMEOUT)
    if ended != 0:
        raise SystemExit(f"A run without a kill failed: {output[-500:]}")
    return time.monotonic() - started


def write_images(folder: Path) -> Path:
    """Write generated images, a folder for each class."""
    images, labels = tiny_images(classes=3, each=20)
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        class_folder = folder / str(label)
        class_folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(class_folder / f"{number:03d}.png")
    return folder


if __name__ == "__main__":
    raise SystemExit(main())
