"""Define the demo: a whole run on handwritten digits or messages."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

import autotl
from autotl.cli.app import app
from autotl.cli.generated_options import Json, Quiet, Seed, Verbose
from autotl.cli.results import log_to, show_lines, show_next, show_result, watch_of
from autotl.data import customer_messages
from autotl.errors import RunError
from autotl.escaping import console

BACKBONE, TEXT_BACKBONE = "efficientnet_lite0", "static:wordllama"
LEARN, TESTS = 20, 50
FEW, FEW_TESTS = 5, 45
"""Training and test digits of each class, without and with ``--few``."""
TEXT_TESTS = 20
"""Test messages of each class."""
TEXT_PACKAGES = ("tokenizers", "wordllama")
WHY = {
    "hurts": "Digits differ a lot from the photographs of the pretraining, so training from scratch is "
    "better here. On photographs the result is often the opposite. Try yours.",
    "no_measurable_difference": "Digits differ a lot from the photographs of the pretraining, so transfer "
    "shows no gain here. On photographs the result is often the opposite. Try yours.",
    "helps": "Digits differ a lot from photographs, and yet the pretrained network is the better start.",
}
"""The explanations of the verdict on digits."""
WHY_TEXTS = {
    "hurts": "Counting the words of these messages is better than the meaning that the pretrained vectors "
    "give them. On other texts the result may be the opposite. Try yours.",
    "no_measurable_difference": "Counting the words of these messages is about as good as the meaning that "
    "the pretrained vectors give them. With fewer messages or other texts the result may differ. Try yours.",
    "helps": "The pretrained vectors know related words, so a message may have words that no training "
    "message has. With many texts, counting words catches up.",
}
"""The explanations of the verdict on messages."""


@app.command()
def demo(
    out: Annotated[
        Path | None, typer.Option(help="The new folder for the run. Default: autotl-demo.")
    ] = None,
    text: Annotated[
        bool, typer.Option("--text", help="Messages of customers instead of digits (needs autotl[text]).")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="All digits or messages, and five minutes.")] = False,
    few: Annotated[bool, typer.Option("--few", help="Five of each class instead of 20.")] = False,
    budget: Annotated[str | None, typer.Option(help="Wall-clock time. Default: 1m, with --full 5m.")] = None,
    seed: Seed = 0,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run everything on digits or messages: no network, no data to prepare."""
    if full and few:
        raise typer.BadParameter(
            "--full takes all of the data and --few five of each class. Give one of them."
        )
    learn = FEW if few else LEARN
    tests = TEXT_TESTS if text else (FEW_TESTS if few else TESTS)
    each = None if full else learn + tests
    data = _messages(each, seed=seed) if text else _digits(each, seed=seed)
    folder, watch = out or _unused(Path("autotl-demo")), watch_of(quiet or as_json)
    with log_to(watch, enabled=verbose):
        result = autotl.fit(
            data,
            out=folder,
            backbone=TEXT_BACKBONE if text else BACKBONE,
            budget=budget or ("5m" if full else "1m"),
            test=0.2 if full else tests / (learn + tests),
            seed=seed,
            watch=watch,
        )
    show_result(result, as_json=as_json, quiet=quiet)
    if not (quiet or as_json):
        why = (WHY_TEXTS if text else WHY).get(result.verdict["transfer"], "")
        _show_next_steps(folder, why, few=few, text=text)


def _show_next_steps(folder: Path, why: str, *, few: bool, text: bool) -> None:
    kind, data = ("texts", "TEXTS.csv") if text else ("images", "PHOTOS")
    form = "a column of texts, one of labels" if text else f"one folder in {data} for each class"
    fewer = f"autotl demo{' --text' * text} --few   (five of each class)"
    steps = (
        *(() if few else ((f"Fewer {kind}", fewer),)),
        ("See why", f"open {folder / 'report.html'} in a browser"),
        (f"Your {kind}", f"autotl fit {data} --out run   ({form})"),
        ("Before training", f"autotl analyze {data}"),
        ("In Python", f'autotl.fit("{data}", budget="5m")'),
    )
    shown = console()
    if why:
        show_lines(shown, f"\n{why}")
    show_next(shown, steps)


def _messages(each: int | None, *, seed: int) -> tuple[Any, Any]:
    """Return messages and their classes: ``each`` of each class, or all 240 for None.

    Raises:
        RunError: The packages of texts are not installed.
    """
    if missing := [name for name in TEXT_PACKAGES if find_spec(name) is None]:
        raise RunError(
            f"autotl demo --text needs {' and '.join(TEXT_PACKAGES)} (got no {missing[0]}). "
            "Install them: python -m pip install 'autotl[text]'"
        )
    return customer_messages(each, seed=seed)


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
