"""Declare one option of a run, with its help and its rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

KEY = "option"
"""The key of an :class:`Option` in the metadata of a dataclass field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """The facts about an option.

    Checks of arguments, run files and the command line share them.

    Attributes:
        help: The sentence for ``--help``.
        text: The meaning of a string value, as errors name it.
        unit: The unit of a number, as errors name it; "" for none.
        bounds: The smallest and the largest integer that every call accepts; None for no bound.
        resumable: Whether a resumed run may change the value.
        in_analyze: Whether ``analyze`` has the option too.
        resume_help: The sentence for ``autotl resume --help``; "" if that command lacks the option.
        flag: The names on the command line; "" to derive them from the field.
        metavar: The placeholder of the value in ``--help``.
        panel: The heading in ``autotl fit --help``; "" for common options.
        choices: The values that a shell completes.
        shown_bounds: The bounds on the command line, if ``--help`` shows them.
        environment: The environment variable that the command line reads.
        on_command_line: Whether the command line has the option.
    """

    help: str = ""
    text: str = "a name"
    unit: str = ""
    bounds: tuple[int | None, int | None] = (None, None)
    resumable: bool = False
    in_analyze: bool = False
    resume_help: str = ""
    flag: str = ""
    metavar: str = ""
    panel: str = ""
    choices: tuple[str, ...] = ()
    shown_bounds: tuple[int | None, int | None] = (None, None)
    environment: str = ""
    on_command_line: bool = True


def option(default: Any, help: str = "", *, repr: bool = True, **facts: Any) -> Any:
    """Return a dataclass field for an option.

    Args:
        default: The value if the user gives none.
        help: The sentence for ``--help``.
        repr: Whether the value may be printed; False for secrets.
        **facts: The other attributes of :class:`Option`.
    """
    return field(default=default, repr=repr, metadata={KEY: Option(help=help, **facts)})


def images_option(help: str) -> Any:
    """Return a dataclass field for a set of additional images."""
    return option(None, help, metavar="DATA", panel="Data", in_analyze=True)
