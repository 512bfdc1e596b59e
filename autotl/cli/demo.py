"""The demo: the whole of autotl on handwritten digits that come with scikit-learn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

import autotl
from autotl.cli.app import app
from autotl.cli.commands import show_lines, show_result, watch_of
from autotl.cli.options import Json, Quiet, Seed
from autotl.errors import RunError

BACKBONE = "efficientnet_lite0"
IMAGES, TESTS = 700, 500
"""Digits in the short demo, and how many of them are kept for the test."""


@app.command()
def demo(
    out: Annotated[
        Path | None, typer.Option(help="The new folder for the run. Default: autotl-demo.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="All 1,797 digits and five minutes.")] = False,
    budget: Annotated[str | None, typer.Option(help="Wall-clock time. Default: 1m, with --full 5m.")] = None,
    seed: Seed = 0,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Run everything on scikit-learn's handwritten digits: no network, no data to prepare."""
    images, labels = _digits(None if full else IMAGES, seed=seed)
    folder = out or _unused(Path("autotl-demo"))
    result = autotl.fit(
        (images, labels),
        out=folder,
        backbone=BACKBONE,
        budget=budget or ("5m" if full else "1m"),
        test=0.2 if full else TESTS / IMAGES,
        seed=seed,
        watch=watch_of(quiet or as_json),
    )
    show_result(result, as_json=as_json, quiet=quiet)
    if not (quiet or as_json):
        _show_next_steps(folder)


def _show_next_steps(folder: Path) -> None:
    steps = (
        ("See why", f"open {folder / 'report.html'} in a browser"),
        ("Your images", "autotl fit PHOTOS --out run   (one folder in PHOTOS for each class)"),
        ("Before training", "autotl analyze PHOTOS"),
        ("In Python", 'autotl.fit("PHOTOS", budget="5m")'),
    )
    console = Console()
    show_lines(console, "\nNow yours:", style="bold")
    show_lines(console, *(f"  {what + ':':17}{how}" for what, how in steps))


def _digits(count: int | None, *, seed: int) -> tuple[Any, Any]:
    """Return a random ``count`` of 1,797 digits of 8 x 8 pixels, None for all, as uint8, and their labels."""
    import numpy as np  # takes a second together with scikit-learn, and only the demo needs them
    from sklearn.datasets import load_digits

    digits = load_digits()
    rows = np.random.default_rng(seed).permutation(len(digits.target))[:count]
    return (digits.images[rows] * (255 / 16)).round().astype("uint8"), digits.target[rows]


def _unused(folder: Path) -> Path:
    """Return the folder, or the same name with the first number that is free."""
    for number in range(1, 1000):
        candidate = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        if not candidate.exists():
            return candidate
    raise RunError(f"{folder} and 998 folders like it exist. Remove some, or give --out.")
