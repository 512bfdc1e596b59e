"""Create the application that commands register with."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import typer

from autotl.cli.help import Commands
from autotl.escaping import safe_json, write_out
from autotl.jsonio import plain

app = typer.Typer(
    cls=Commands,
    help="Transfer learning on your images: what to transfer, when it pays and how, answered by measurement.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def print_json(document: Any) -> None:
    """Print JSON.

    Characters that standard output cannot encode are escaped, and so are control characters.
    """
    unicode = (getattr(sys.stdout, "encoding", None) or "utf-8").lower().replace("-", "") == "utf8"
    text = json.dumps(plain(document), indent=2, ensure_ascii=not unicode)
    write_out(safe_json(text) + "\n")


def import_from_here(metric: str | None) -> None:
    """Allow the import of a user's metric from the current folder.

    No other code is imported from there: the folder may be somebody else's.
    """
    if ":" in (metric or "") and (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)
