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
WIDTH = 150
"""Width of tables in files, in characters."""
ON_DATA = ("depths", "features", "fit")
HERE = Path(__file__).resolve().parent


def main() -> None:
    """Measure the selected sections, and show and write each result."""
    given = _arguments()
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    found: dict[str, Any] = {"about": about(given)}
    with tempfile.TemporaryDirectory(prefix="speed-") as folder:
        tempfile.tempdir = folder  # so that the files of all sections are deleted
        for name in given.only:
            console.rule(name)
            found[name] = measure(name, given)
            show(name, found[name], console)
            given.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def measure(name: str, given: argparse.Namespace) -> Any:
    """Return the results of a section for JSON; sections on data return one entry per data set."""
    # imported late, because some sections start processes that must not inherit torch
    section = import_module(f"benchmarks.speed.{name}")
    if name not in ON_DATA:
        return section.measure(given.rounds)
    measured: Callable[..., Any] = {"depths": _depths, "features": _features, "fit": _fit}[name]
    return [measured(section, data, given) for data in given.data]


def about(given: argparse.Namespace) -> dict[str, Any]:
    """Return commit, arguments, digests of the data, versions and hardware."""
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
    options = {"side": given.input_size, "limit": given.most}
    # for all loops, as in autotl.fit, because the plain loop gets faster too
    with import_module("autotl.training").keep_freed_memory():
        return {
            "augmented": section.measure(
                data, given.backbone, rounds=given.rounds, augmented=True, **options
            ),
            "not augmented": section.measure(
                data, given.backbone, rounds=given.rounds, augmented=False, **options
            ),
            "first epoch": section.first(data, given.backbone, rounds=given.rounds, **options),
            "equal losses": section.equal(data, given.backbone, **options),
        }


def _features(section: Any, data: Path, given: argparse.Namespace) -> Any:
    with import_module("autotl.training").keep_freed_memory():
        return section.measure(
            data, given.backbone, rounds=given.rounds, input_size=given.input_size, limit=given.most
        )


def _fit(section: Any, data: Path, given: argparse.Namespace) -> dict[str, Any]:
    return {
        "trials": section.measure(data, given.backbone, budget=given.budget, seeds=given.seeds),
        "memory": section.memory(data, given.backbone, budget=given.budget),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=(__doc__ or "")[:-1])
    parser.add_argument("--data", type=Path, nargs="+", default=[], help="zips with train/<class>/<file>")
    parser.add_argument("--backbone", help="a timm folder of a MobileNetV2")
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds of each comparison")
    parser.add_argument("--side", type=int, default=128, help="image side in pixels")
    parser.add_argument("--most", type=int, default=640, help="images per data set, except for fit")
    parser.add_argument("--budget", default="2m", help="budget of each fit")
    parser.add_argument("--seeds", type=int, default=3, help="number of fits")
    parser.add_argument("--only", type=_names, default=SECTIONS, help=",".join(SECTIONS))
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    given = parser.parse_args()
    if set(given.only) & set(ON_DATA) and not (given.data and given.backbone):
        parser.error(
            f"{', '.join(ON_DATA)} need --data and --backbone. Add them, or select others with --only."
        )
    return given


def _names(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    if unknown := sorted(set(names) - set(SECTIONS)):
        raise argparse.ArgumentTypeError(
            f"unknown section {', '.join(unknown)}; known: {', '.join(SECTIONS)}"
        )
    return names


def _plain(value: Any) -> Any:
    """Replace paths by their names, because reports must not contain local paths."""
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.name if isinstance(value, Path) else Path(value).name if isinstance(value, str) else value


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=HERE, capture_output=True, text=True, check=True)
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
