"""Measure the start-up time of commands, relative to ``import torch``.

Run ``python -m benchmarks.speed.startup --rounds 9``; it creates its own images and run folder. The first
round, which fills the disk cache, is ignored. ``autotl predict`` and the first forward pass of ``fit`` should
take at most 2.2 times as long as ``import torch``, and an error for an invalid argument at most 1 s.

The first forward pass is that of the backbone in an ``autotl.fit`` of 24 images, from the start of the
process, after the images have been read, hashed and split. Processor seconds include child processes; on a
shared machine they vary less than wall-clock seconds.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

BARE, TORCH = "python -c pass", "import torch"
REACHED, INVALID = 7, 2
"""Exit codes: after the first forward pass, and for an invalid argument."""
PER_CLASS, SIDE = 12, 32
FIRST_FORWARD = f"""
import os
import sys

import torch


def stop(module, inputs):
    if isinstance(module, torch.nn.Conv2d):  # the first layer of the backbone, on any device
        os._exit({REACHED})


torch.nn.modules.module.register_module_forward_pre_hook(stop)

import autotl

autotl.fit(sys.argv[1], out=sys.argv[2], backbone="tiny", trials=1, experience=False)
"""


class Taken(NamedTuple):
    """Wall-clock seconds and processor seconds of a process."""

    wall: float
    processor: float


def measure(rounds: int) -> dict[str, Any]:
    """Return a row per command, with times relative to the import of torch."""
    with tempfile.TemporaryDirectory(prefix="startup-") as folder:
        commands = _commands(Path(folder))
        taken: dict[str, list[Taken]] = {name: [] for name in commands}
        for turn in range(rounds + 1):
            for name, (arguments, code) in commands.items():
                measured = _run(arguments, code, cwd=Path(folder) / f"{turn}-{len(taken[name])}")
                if turn:
                    taken[name].append(measured)
    return {"rounds": rounds, "rows": [_row(name, taken) for name in commands]}


def _commands(folder: Path) -> Mapping[str, tuple[Sequence[str], int]]:
    """Return arguments of the interpreter and the expected exit code, by command."""
    data, run = folder / "photos", folder / "run"
    one = _images(data)
    fit = ("-m", "autotl", "fit", str(data), "--out")
    small = ("--backbone", "tiny", "--strategy", "linear_probe", "--trials", "1", "--image-size", str(SIDE))
    _run((*fit, str(run), *small, "--no-experience", "--quiet"), 0, cwd=folder / "created")
    return {
        BARE: (("-c", "pass"), 0),
        "import autotl": (("-c", "import autotl"), 0),
        "autotl --help": (("-m", "autotl", "--help"), 0),
        "autotl plugins": (("-m", "autotl", "plugins"), 0),
        "wrong argument": ((*fit, "new", "--strategy", "linear_prob"), INVALID),
        TORCH: (("-c", "import torch"), 0),
        "import timm": (("-c", "import timm"), 0),
        "autotl predict RUN one image": (("-m", "autotl", "predict", str(run), str(one)), 0),
        "first forward pass of fit": (("-c", FIRST_FORWARD, str(data), "new"), REACHED),
    }


def _images(folder: Path) -> Path:
    """Write noise images of two classes, bright and dark, and return the path of one."""
    rng = np.random.default_rng(0)
    for name, middle in (("bright", 190), ("dark", 60)):
        (folder / name).mkdir(parents=True)
        for number in range(PER_CLASS):
            pixels = rng.normal(middle, 30, (SIDE, SIDE, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder / "dark" / "0.png"


def _run(arguments: Sequence[str], code: int, *, cwd: Path) -> Taken:
    cwd.mkdir(exist_ok=True)
    before, started = _processor(), time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True)
    wall = time.perf_counter() - started
    if done.returncode != code:
        raise RuntimeError(f"{arguments} ended with {done.returncode}, not {code}: {done.stderr}")
    return Taken(wall, _processor() - before)


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _row(name: str, taken: Mapping[str, list[Taken]]) -> dict[str, Any]:
    times, reference = taken[name], taken[TORCH]
    wall = [each.wall for each in times]
    return {
        "command": name,
        "median": median(wall),
        "min": min(wall),
        "max": max(wall),
        "processor": median(each.processor for each in times),
        "of import torch": median(a.wall / b.wall for a, b in zip(times, reference, strict=True)),
        "processor, of import torch": median(
            a.processor / b.processor for a, b in zip(times, reference, strict=True)
        ),
    }


def table(found: dict[str, Any]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        "| command | median, s | min | max | processor, s | of `import torch` | the same, processor |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in found["rows"]:
        numbers = " | ".join(f"{value:.2f}" for value in list(row.values())[1:])
        lines.append(f"| `{row['command']}` | {numbers} |")
    return "\n".join(lines)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    found = measure(parser.parse_args().rounds)
    print(table(found), file=sys.stderr)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
