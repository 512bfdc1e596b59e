"""How long commands take to start, beside a bare interpreter and beside ``import torch``.

Run ``python -m benchmarks.speed.startup --rounds 9``; it makes its own images and its own run folder. The
first round, which fills the disk's cache, is left out. Expect ``autotl predict`` and the first forward pass
of ``fit`` within 2.2 of ``import torch``, and a wrong argument within 1 s.

The first forward pass is that of a backbone in an ``autotl.fit`` of 24 images, from the start of the process.
The images are read, hashed and divided before it. Processor seconds are those of the process and its
children: on a shared machine they say more than the seconds of the clock.
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
REACHED, WRONG = 7, 2  # exit codes
EACH, SIDE = 12, 32
FIRST_FORWARD = f"""
import os
import sys

import torch


def leave(module, inputs):
    if isinstance(module, torch.nn.Conv2d):  # the first layer of the backbone, on whatever device
        os._exit({REACHED})


torch.nn.modules.module.register_module_forward_pre_hook(leave)

import autotl

autotl.fit(sys.argv[1], out=sys.argv[2], backbone="tiny", trials=1, experience=False)
"""


class Taken(NamedTuple):
    """What a process took: seconds of the clock, and of processors."""

    wall: float
    processor: float


def measure(rounds: int) -> dict[str, Any]:
    """Seconds of each command, in alternation, and how many imports of torch they come to."""
    with tempfile.TemporaryDirectory(prefix="startup-") as folder:
        commands = _commands(Path(folder))
        taken: dict[str, list[Taken]] = {name: [] for name in commands}
        for turn in range(rounds + 1):
            for name, (arguments, code) in commands.items():
                found = _run(arguments, code, cwd=Path(folder) / f"{turn}-{len(taken[name])}")
                if turn:
                    taken[name].append(found)
    return {"rounds": rounds, "rows": [_row(name, taken) for name in commands]}


def _commands(folder: Path) -> Mapping[str, tuple[Sequence[str], int]]:
    """Arguments of the interpreter, and the exit code that each must end with."""
    data, run = folder / "photos", folder / "run"
    one = _images(data)
    fit = ("-m", "autotl", "fit", str(data), "--out")
    small = ("--backbone", "tiny", "--strategy", "linear_probe", "--trials", "1", "--image-size", str(SIDE))
    _run((*fit, str(run), *small, "--no-experience", "--quiet"), 0, cwd=folder / "made")
    return {
        BARE: (("-c", "pass"), 0),
        "import autotl": (("-c", "import autotl"), 0),
        "autotl --help": (("-m", "autotl", "--help"), 0),
        "autotl plugins": (("-m", "autotl", "plugins"), 0),
        "wrong argument": ((*fit, "new", "--strategy", "linear_prob"), WRONG),
        TORCH: (("-c", "import torch"), 0),
        "import timm": (("-c", "import timm"), 0),
        "autotl predict RUN one image": (("-m", "autotl", "predict", str(run), str(one)), 0),
        "first forward pass of fit": (("-c", FIRST_FORWARD, str(data), "new"), REACHED),
    }


def _images(folder: Path) -> Path:
    """Two classes of noise, bright and dark; the path of one image."""
    drawn = np.random.default_rng(0)
    for name, middle in (("bright", 190), ("dark", 60)):
        (folder / name).mkdir(parents=True)
        for number in range(EACH):
            pixels = drawn.normal(middle, 30, (SIDE, SIDE, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder / "dark" / "0.png"


def _run(arguments: Sequence[str], code: int, *, cwd: Path) -> Taken:
    cwd.mkdir(exist_ok=True)
    before, began = _processor(), time.perf_counter()
    done = subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True)
    wall = time.perf_counter() - began
    if done.returncode != code:
        raise RuntimeError(f"{arguments} ended with {done.returncode}, not {code}: {done.stderr}")
    return Taken(wall, _processor() - before)


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _row(name: str, taken: Mapping[str, list[Taken]]) -> dict[str, Any]:
    own, torch = taken[name], taken[TORCH]
    wall = [each.wall for each in own]
    return {
        "command": name,
        "median": median(wall),
        "min": min(wall),
        "max": max(wall),
        "processor": median(each.processor for each in own),
        "of import torch": median(a.wall / b.wall for a, b in zip(own, torch, strict=True)),
        "processor, of import torch": median(
            a.processor / b.processor for a, b in zip(own, torch, strict=True)
        ),
    }


def table(found: dict[str, Any]) -> str:
    """The rows for people."""
    lines = [
        "| command | median, s | min | max | processor, s | of `import torch` | the same, processor |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in found["rows"]:
        numbers = " | ".join(f"{value:.2f}" for value in list(row.values())[1:])
        lines.append(f"| `{row['command']}` | {numbers} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    found = measure(parser.parse_args().rounds)
    print(table(found), file=sys.stderr)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
