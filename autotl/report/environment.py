"""Describe the process of a run."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from autotl.api import Machine
from autotl.masking import masked

if sys.platform != "win32":
    import resource

_PACKAGES = ("torch", "torchvision", "timm", "optuna")


def command_line() -> str:
    """Return the command of this process, without folder and passwords."""
    if not sys.argv:
        return ""
    program = Path(sys.argv[0])
    # started by "python -m autotl"
    name = program.parent.name if program.name == "__main__.py" else program.name
    return " ".join([name, *map(masked, sys.argv[1:])])


def data_name(data: object) -> str:
    """Return the name of a file or folder, or the data's kind."""
    if isinstance(data, str | Path):
        return Path(data).name or str(data)
    return "images" if isinstance(data, tuple | list) else type(data).__name__


def peak_memory() -> float | None:
    """Return the peak memory of this process in MB; None if unknown."""
    if sys.platform == "win32":
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def environment(machine: Machine, plugins: Mapping[str, str]) -> dict[str, Any]:
    """Return the ``environment`` part of a report: versions, device and platform."""
    return {
        "autotl": version("autotl"),
        "python": platform.python_version(),
        **{name: version(name) for name in _PACKAGES},
        "device": machine.device,
        "threads": machine.threads,
        "platform": platform.platform(),
        "plugins": plugins,
    }
