"""The application that commands register with, and what they share."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from autotl.jsonio import plain
from autotl.results import is_run

app = typer.Typer(
    help="Transfer learning on your images: what to transfer, when it pays and how, answered by measurement.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@contextmanager
def told_if_interrupted(run: Path) -> Iterator[None]:
    """Say, after Ctrl-C, whether a model is in the run folder, and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        if is_run(run):
            model = run / "model"
            found = f"The best model so far is in {model}." if model.is_dir() else "No model was found yet."
            text = f"{found} Go on with: autotl resume {run}"
            Console(stderr=True).print(text, highlight=False, markup=False, soft_wrap=True)
        raise


def print_json(document: Any) -> None:
    sys.stdout.write(json.dumps(plain(document), indent=2, ensure_ascii=False) + "\n")


def see_here(metric: str | None) -> None:
    """A metric of one's own may lie in the folder that the command is given in, as with ``python -m``.

    For nothing else is code looked for there: it may be a folder from somebody else.
    """
    if ":" in (metric or "") and (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)
