"""Kill runs at random moments and resume them: ``python -m benchmarks.kills --kills 200``.

A run on drawn images is started by the command line, killed with SIGKILL after a random time, and resumed
until it ends, with further kills. After each kill the journal is compared with what it held before,
and every file of the run is read. Counts scored trials that are gone, files that cannot be read, and runs
that do not end with a report. Prints one line a kill, and the counts at the end.
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
PATIENCE = 300.0
"""Seconds after which a run that was not killed counts as hanging."""


@dataclass
class Count:
    """What has come of the kills."""

    kills: int = 0
    runs: int = 0
    lost: list[str] = field(default_factory=list)
    corrupt: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def main() -> int:
    """Kill as often as asked, and say what was lost."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--trials", type=int, default=TRIALS, help="trials of each run")
    given = parser.parse_args()
    chance, count = random.Random(given.seed), Count()
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        data = drawn(Path(folder) / "data")
        whole = seconds_of_a_run(data, Path(folder) / "whole", given.trials)
        print(f"A run takes {whole:.1f} s.", flush=True)
        while count.kills < given.kills:
            run = Path(folder) / f"run-{count.runs:03d}"
            one_run(data, run, given.trials, whole, chance, count, given.kills)
    print(
        f"{count.kills} kills in {count.runs} runs: {len(count.lost)} scored trials lost, "
        f"{len(count.corrupt)} corrupt files, {len(count.failed)} runs without a report."
    )
    for told in (*count.lost, *count.corrupt, *count.failed):
        print(told)
    return bool(count.lost or count.corrupt or count.failed)


def one_run(
    data: Path, run: Path, trials: int, whole: float, chance: random.Random, count: Count, most: int
) -> None:
    """Start a run, kill and resume it until it ends or the kills are used up; then let it end."""
    count.runs += 1
    known: set[str] = set()
    while True:
        killed = count.kills < most
        after = chance.uniform(0, 1.1 * whole) if killed else PATIENCE
        ended, told = turn(data, run, trials, after)
        if ended is None and not killed:
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
        # exit code 2 with a report: the run had ended before the kill, and nothing is left to do
        if ended not in (0, 2) or not (run / "report.json").is_file():
            count.failed.append(f"{run.name}: exit {ended}: {told[-300:]}")
        return


def turn(data: Path, run: Path, trials: int, after: float) -> tuple[int | None, str]:
    """Begin the run or resume it, and kill it after some seconds; the exit code, None if it was killed."""
    begun = (run / "run.json").is_file()
    start = ["resume", str(run)] if begun else ["fit", str(data), "--out", str(run)]
    quick = ["--backbone", "tiny", "--strategy", "linear_probe", "--image-size", "32", "--no-experience"]
    more = [] if begun else ["--trials", str(trials), *quick]
    process = subprocess.Popen(
        [sys.executable, "-m", "autotl", *start, *more], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    try:
        told, _ = process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return None, ""
    return process.returncode, told.decode(errors="replace")


def seconds_of_a_run(data: Path, run: Path, trials: int) -> float:
    """The seconds that a run takes that is not killed."""
    began = time.monotonic()
    ended, told = turn(data, run, trials, PATIENCE)
    if ended != 0:
        raise SystemExit(f"A run that is not killed does not end well: {told[-500:]}")
    return time.monotonic() - began


def drawn(folder: Path) -> Path:
    """Write drawn images, a folder for each class."""
    images, labels = tiny_images(classes=3, each=20)
    for number, (image, label) in enumerate(zip(images, labels, strict=True)):
        place = folder / str(label)
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(place / f"{number:03d}.png")
    return folder


if __name__ == "__main__":
    raise SystemExit(main())
