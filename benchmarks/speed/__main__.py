"""Run the speed benchmark: ``python -m benchmarks.speed --data ZIP… --backbone FOLDER --out FILE``."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.speed.tables import show

SECTIONS = ("depths", "features", "heads", "allocator", "startup", "gpu", "fit")
WIDTH = 150  # of tables that go into a file, in letters
ON_DATA = ("depths", "features", "fit")
HERE = Path(__file__).resolve().parent


def main() -> None:
    """Measure the chosen sections; each is shown and written as soon as it is done."""
    given = _arguments()
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    found: dict[str, Any] = {"about": about(given)}
    with tempfile.TemporaryDirectory(prefix="speed-") as folder:
        tempfile.tempdir = folder  # stores and data that sections leave behind go with it
        for name in given.only:
            console.rule(name)
            found[name] = measure(name, given)
            show(name, found[name], console)
            given.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def measure(name: str, given: argparse.Namespace) -> Any:
    """What a section found, ready for JSON; on data, a list with an entry for each data set."""
    # each section imports only when its turn comes: some start processes that must not inherit torch
    section = import_module(f"benchmarks.speed.{name}")
    if name not in ON_DATA:
        return section.measure(given.rounds)
    measured: Callable[..., Any] = {"depths": _depths, "features": _features, "fit": _fit}[name]
    return [measured(section, data, given) for data in given.data]


def about(given: argparse.Namespace) -> dict[str, Any]:
    """What the numbers belong to: commit, arguments, digests of the data, versions and hardware."""
    return {
        "commit": _git("rev-parse", "HEAD"),
        "changed": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "arguments": {key: _plain(value) for key, value in vars(given).items()},
        "data": {each.name: hashlib.sha256(each.read_bytes()).hexdigest()[:16] for each in given.data},
        "versions": {each: version(each) for each in ("autotl", "torch", "timm", "numpy", "pillow")},
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
    }


def _depths(section: Any, data: Path, given: argparse.Namespace) -> dict[str, Any]:
    how = {"side": given.side, "most": given.most}
    # on for all of them, as in autotl.fit: the plain loop is helped by it too
    with import_module("autotl.training").freed_memory_kept():
        return {
            "augmented": section.measure(data, given.backbone, rounds=given.rounds, augmented=True, **how),
            "not augmented": section.measure(
                data, given.backbone, rounds=given.rounds, augmented=False, **how
            ),
            "first epoch": section.first(data, given.backbone, rounds=given.rounds, **how),
            "equal losses": section.equal(data, given.backbone, **how),
        }


def _features(section: Any, data: Path, given: argparse.Namespace) -> Any:
    with import_module("autotl.training").freed_memory_kept():
        return section.measure(data, given.backbone, rounds=given.rounds, side=given.side, most=given.most)


def _fit(section: Any, data: Path, given: argparse.Namespace) -> dict[str, Any]:
    return {
        "trials": section.measure(data, given.backbone, budget=given.budget, seeds=given.seeds),
        "memory": section.memory(data, given.backbone, budget=given.budget),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=(__doc__ or "")[:-1])
    parser.add_argument("--data", type=Path, nargs="+", default=[], help="zips of train/<class>/<file>")
    parser.add_argument("--backbone", help="a timm folder of a MobileNetV2")
    parser.add_argument("--rounds", type=int, default=5, help="of each alternation")
    parser.add_argument("--side", type=int, default=128, help="image side in pixels")
    parser.add_argument("--most", type=int, default=640, help="images used of a data set, but for fit")
    parser.add_argument("--budget", default="2m", help="of each fit")
    parser.add_argument("--seeds", type=int, default=3, help="of the fits")
    parser.add_argument("--only", type=_names, default=SECTIONS, help=",".join(SECTIONS))
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    given = parser.parse_args()
    if set(given.only) & set(ON_DATA) and not (given.data and given.backbone):
        parser.error(f"{', '.join(ON_DATA)} need --data and --backbone; or choose others with --only")
    return given


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := sorted(set(names) - set(SECTIONS)):
        raise argparse.ArgumentTypeError(f"no section {', '.join(unknown)}; known: {', '.join(SECTIONS)}")
    return names


def _plain(value: Any) -> Any:
    """Paths by their names alone: where they lie is nobody's business."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.name if isinstance(value, Path) else Path(value).name if isinstance(value, str) else value


def _git(*words: str) -> str | None:
    try:
        done = subprocess.run(["git", *words], cwd=HERE, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):  # not a checkout
        return None
    return done.stdout.strip()


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    found = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return found[0] if found else platform.processor()


if __name__ == "__main__":
    main()
