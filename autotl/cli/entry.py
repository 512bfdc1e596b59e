"""Start the command line, and turn errors into messages and exit codes."""

from __future__ import annotations

import atexit
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any

import typer

from autotl.cli import (  # noqa: F401 - they register commands
    authoring,
    benchmarks,
    commands,
    demo,
    exploring,
    show,
    using,
)
from autotl.cli.app import app
from autotl.cli.services import serving  # noqa: F401 - it registers a command
from autotl.clock import WallClock, counting_from
from autotl.data import limit_thread_spinning
from autotl.errors import AutotlError, PixelScaleWarning
from autotl.escaping import console, prepare_streams


def main() -> None:
    """Run the command line, and end the process.

    An error of the user exits with 2 and a message, Ctrl-C with 130. Python's modules are not taken apart:
    those of torch alone take two seconds.
    """
    code = run()
    if sys.gettrace() is None and sys.getprofile() is None:  # a debugger or profiler has more to do
        atexit._run_exitfuncs()  # temporary folders, logs and clients
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def run() -> int:
    """Run the command line, and return its exit code."""
    _filter_warnings()
    limit_thread_spinning()
    prepare_streams()
    with counting_from(WallClock().now()):  # the import of torch takes seconds
        code = guarded(lambda: app(standalone_mode=False))
    return _flushed(code)


def _filter_warnings() -> None:
    """Show the warnings that concern a user's images, in words alone."""
    if sys.warnoptions:
        return
    # warnings of libraries are for developers, not for users of a command
    warnings.simplefilter("ignore")
    warnings.simplefilter("always", PixelScaleWarning)
    warnings.showwarning = lambda message, *_, **__: _complain(str(message), style="yellow")


def guarded(command: Callable[[], Any]) -> int:
    """Run a command, print its error, and return its exit code."""
    try:
        code = command()
        if code == 130:  # typer does not raise on Ctrl-C
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
    except OSError as error:
        _complain(f"{error.filename or 'Standard output'}: {error.strerror or error}.")
        return 2
    except Exception as error:
        if hasattr(error, "format_message"):  # click's own: a missing argument, an unknown option
            _complain(f"{error.format_message()}{_hint(error)}")
            return 2
        raise


def _hint(error: Any) -> str:
    """Return advice if the option belongs to another tool; else an empty string."""
    searched = {"--epochs", "--lr", "--learning-rate", "--batch-size", "--freeze", "--augment"}
    if getattr(error, "option_name", None) in searched:
        return "\nautotl searches such settings itself. Limit it by --budget or --trials."
    return ""


def _complain(text: str, style: str = "red") -> None:
    shown = console(stderr=True)
    shown.print(text, style=style, markup=False, soft_wrap=not shown.is_terminal)


def _flushed(code: int) -> int:
    """Flush standard output and return the exit code; 2 if it cannot be written."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # else Python tries again when it exits
        if not isinstance(error, BrokenPipeError):
            _complain(f"Standard output: {error.strerror}.")
            return code or 2
    return code
