"""Check that two checkouts run the same trials: ``python -m benchmarks.same_trials ../other photos.zip``.

Runs ``autotl fit`` on each data set with this checkout and the other one. Compares trials, test predictions
and delivered weights. With ``--itself``, this checkout runs twice, which shows what is not deterministic.
The clock of autotl stands still in all runs, so that no choice depends on the machine's speed and load.
Exits with 1 if something differs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.same_trials.compare import differences

ROOT = Path(__file__).resolve().parents[2]
STILL_CLOCK = Path(__file__).resolve().with_name("still_clock.py")


def main() -> int:
    """Run and compare as the command line says."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("paths", nargs="+", type=Path, help="the other checkout, then data sets")
    parser.add_argument("--itself", action="store_true", help="run this checkout twice; give only data sets")
    parser.add_argument("--trials", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--backbone", action="append", default=[], help="may be repeated")
    parser.add_argument("--python", default=sys.executable, help="interpreter of this checkout")
    parser.add_argument("--other-python", default=sys.executable, help="interpreter of the other one")
    given = parser.parse_args()
    data = given.paths if given.itself else given.paths[1:]
    if not data:
        parser.error("give at least one data set")
    sides = [(ROOT, given.python)]
    sides.append(sides[0] if given.itself else (given.paths[0].resolve(), given.other_python))
    arguments = ["--trials", str(given.trials), "--seed", str(given.seed), "--no-experience", "--quiet"]
    arguments += [word for name in given.backbone for word in ("--backbone", name)]
    unequal = 0
    for path in data:
        with tempfile.TemporaryDirectory(prefix="same-trials-") as folder:
            runs = [Path(folder) / name for name in ("run", "other")]
            for run, (checkout, python) in zip(runs, sides, strict=True):
                fit(path.resolve(), run, checkout, python, arguments)
            found = differences(*runs)
        unequal += bool(found)
        print("\n  ".join([f"{path.name}: {'different' if found else 'equal'}", *found]), flush=True)
    return int(unequal > 0)


def fit(data: Path, run: Path, checkout: Path, python: str, arguments: list[str]) -> None:
    """Run ``autotl fit`` of a checkout.

    Args:
        data: The data set.
        run: The run folder to create.
        checkout: The checkout.
        python: Its interpreter.
        arguments: Further arguments of ``autotl fit``.
    """
    environment = os.environ | {"PYTHONPATH": str(checkout), "AUTOTL_EXPERIENCE": "off"}
    command = [python, str(STILL_CLOCK), "fit", str(data), "--out", str(run), *arguments]
    done = subprocess.run(command, env=environment, cwd=run.parent, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"autotl fit of {checkout} ended with {done.returncode}: {done.stderr[-1000:]}")


if __name__ == "__main__":
    raise SystemExit(main())
