"""Define the demo: a whole run on the handwritten digits of scikit-learn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

import autotl
from autotl.cli.app import app
from autotl.cli.generated_options import Json, Quiet, Seed, Verbose
from autotl.cli.results import log_to, show_lines, show_next, show_result, watch_of
from autotl.errors import RunError
from autotl.escaping import console

BACKBONE = "efficientnet_lite0"
LEARN, TESTS = 20, 50
FEW, FEW_TESTS = 5, 45
"""Training and test digits of each class, without and with ``--few``."""
WHY = {
    "hurts": "Digits differ a lot from the photographs of the pretraining, so training from scratch is "
    "better here. On photographs the result is often the opposite. Try yours.",
    "no_measurable_difference": "Digits differ a lot from the photographs of the pretraining, so transfer "
    "shows no gain here. On photographs the result is often the opposite. Try yours.",
    "helps": "Digits differ a lot from photographs, and yet the pretrained network is the better start.",
}
"""The explanations of the verdict on digits."""


@app.command()
def demo(
    out: Annotated[
        Path | None, typer.Option(help="The new folder for the run. Default: autotl-demo.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="All 1,797 digits and five minutes.")] = False,
    few: Annotated[bool, typer.Option("--few", help="Five digits of each class instead of 20.")] = False,
    budget: Annotated[str | None, typer.Option(help="Wall-clock time. Default: 1m, with --full 5m.")] = None,
    seed: Seed = 0,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run everything on scikit-learn's handwritten digits: no network, no data to prepare."""
    if full and few:
        raise typer.BadParameter("--full takes all digits and --few five of each class. Give one of them.")
    learn, tests = (FEW, FEW_TESTS) if few else (LEARN, TESTS)
    images, labels = _digits(None if full else learn + tests, seed=seed)
    folder, watch = out or _unused(Path("autotl-demo")), watch_of(quiet or as_json)
    with log_to(watch, enabled=verbose):
        result = autotl.fit(
            (images, labels),
            out=folder,
            backbone=BACKBONE,
            budget=budget or ("5m" if full else "1m"),
            test=0.2 if full else tests / (learn + tests),
            seed=seed,
            watch=watch,
        )
    show_result(result, as_json=as_json, quiet=quiet)
    if not (quiet or as_json):
        _show_next_steps(folder, WHY.get(result.verdict["transfer"], ""), few=few)


def _show_next_steps(folder: Path, why: str, *, few: bool) -> None:
    steps = (
        *(() if few else (("Fewer images", "autotl demo --few   (five of each class)"),)),
        ("See why", f"open {folder / 'report.html'} in a browser"),
        ("Your images", "autotl fit PHOTOS --out run   (one folder in PHOTOS for each class)"),
        ("Before training", "autotl analyze PHOTOS"),
        ("In Python", 'autotl.fit("PHOTOS", budget="5m")'),
    )
    shown = console()
    if why:
        show_lines(shown, f"\n{why}")
    show_next(shown, steps)


def _digits(each: int | None, *, seed: int) -> tuple[Any, Any]:
    """Return uint8 digits (n, 8, 8) and their labels: ``each`` of each class, or all 1,797 for None."""
    import numpy as np  # imported now: together with scikit-learn this takes a second
    from sklearn.datasets import load_digits

    digits = load_digits()
    rows = np.random.default_rng(seed).permutation(len(digits.target))
    if each is not None:
        labels = digits.target[rows]
        rows = np.concatenate([rows[labels == label][:each] for label in range(10)])
    return (digits.images[rows] * (255 / 16)).round().astype("uint8"), digits.target[rows]


def _unused(folder: Path) -> Path:
    """Return the folder, or its name with the first free number."""
    for number in range(1, 1000):
        candidate = folder if number == 1 else folder.with_name(f"{folder.name}-{number}")
        if not candidate.exists():
            return candidate
    raise RunError(f"{folder} and 998 folders like it exist. Remove some, or give --out.")
