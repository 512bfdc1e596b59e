"""Start the command line, and turn mistakes into messages and exit codes."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import typer
from rich.console import Console

from autotl.cli import benchmarks, commands, demo, show, using, worker  # noqa: F401 - they register their commands
from autotl.cli.app import app
from autotl.clock import WallClock, waiting_since
from autotl.data import limit_spinning
from autotl.errors import AutotlError


def main() -> None:
    """Run the command line. A user's mistake ends with code 2 and a message, Ctrl-C with 130."""
    # Progress and tables are for people; a library's deprecations are for its developers.
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    limit_spinning()
    with waiting_since(WallClock().now()):  # torch is yet to be imported, and takes seconds
        code = guarded(lambda: app(standalone_mode=False))
    sys.exit(code)


def guarded(command: Callable[[], Any]) -> int:
    """Run a command; say what went wrong on standard error, and give the exit code."""
    try:
        code = command()
        if code == 130:  # typer keeps Ctrl-C to itself
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except AutotlError as error:
        _complain(str(error))
        return 2
    except typer.Exit as error:
        return int(error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        _complain("Interrupted.")
        return 130
    except BrokenPipeError:
        return 0
    except Exception as error:
        if hasattr(error, "format_message"):  # click's own: a missing argument, an unknown option
            _complain(f"{error.format_message()}{_hint(error)}")
            return 2
        raise


def _hint(error: Any) -> str:
    """What to do instead of an option of other tools."""
    searched = {"--epochs", "--lr", "--learning-rate", "--batch-size", "--freeze", "--augment"}
    if getattr(error, "option_name", None) in searched:
        return "\nautotl searches such settings itself. Limit it by --budget or --trials."
    return ""


def _complain(text: str) -> None:
    console = Console(stderr=True)
    console.print(text, style="red", highlight=False, markup=False, soft_wrap=not console.is_terminal)
