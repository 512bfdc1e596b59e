"""Build the options of a command from the options of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from autotl.config.argument_types import simple_types
from autotl.config.run_config import OptionField, all_options

Command = TypeVar("Command", bound=Callable[..., None])

FIRST: Mapping[str, Sequence[str]] = {
    "fit": ("budget", "preset", "backbone", "metric", "label", "group", "test"),
    "analyze": (
        "backbone", "source", "unlabelled", "deploy", "image", "label", "target", "group", "image_size",
        "test", "without", "device", "experience", "seed",
    ),
    "resume": (
        "budget", "trials", "device", "executor", "workers", "metric", "storage", "processes", "cache",
        "ensemble",
    ),
}  # fmt: skip
"""The first options of each command in ``--help``; the others follow by panel."""
PANELS = ("", "Data", "Search", "Switches", "Limits of the model", "Machine")
"""The headings of ``autotl fit --help``; options without a heading come first."""
OUTPUT = "Output"
"""The last heading, for options of the command line alone."""


def completed(*names: str) -> Callable[[str], list[str]]:
    """Return a function that completes a prefix to names."""
    return lambda incomplete: [name for name in names if name.startswith(incomplete)]


def option(name: str, command: str = "") -> Any:
    """Return the typer option for an option of a run.

    Args:
        name: The option.
        command: "fit" for its panels, "resume" for its help; "" for other commands.
    """
    each, resumes = all_options()[name], command == "resume"
    facts = each.option
    low, high = facts.shown_bounds
    return typer.Option(
        *_flags(each, paired=resumes),
        help=facts.resume_help if resumes else facts.help,
        metavar=facts.metavar or None,
        min=low,
        max=high,
        autocompletion=completed(*facts.choices) if facts.choices else None,
        envvar=None if resumes else facts.environment or None,
        show_envvar=True,
        rich_help_panel=(facts.panel or None) if command == "fit" else None,
    )


def names_for(command: str) -> list[str]:
    """Return the options of a command, in the order of its help."""
    first = FIRST[command]
    known = [each for each in all_options().values() if _belongs(each, command)]
    known.sort(
        key=lambda each: (
            first.index(each.name) if each.name in first else len(first),
            PANELS.index(each.option.panel),
        )
    )
    return [each.name for each in known]


def with_options(command: str) -> Callable[[Command], Command]:
    """Return a decorator that gives a function the options of a command.

    The function receives them as keyword arguments. They come before its parameter ``as_json``.

    Args:
        command: "fit", "analyze" or "resume".
    """

    def decorate(function: Command) -> Command:
        own = [
            each
            for each in signature(function, eval_str=True).parameters.values()
            if each.kind is not Parameter.VAR_KEYWORD
        ]
        place = [each.name for each in own].index("as_json")
        options = [_parameter(all_options()[name], command) for name in names_for(command)]
        # functions have this attribute for inspect, but their type does not declare it
        function.__signature__ = Signature(own[:place] + options + own[place:])  # type: ignore[attr-defined]
        return function

    return decorate


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that the user gave; None stands for a default."""
    return {name: value for name, value in options.items() if value is not None}


def _belongs(each: OptionField, command: str) -> bool:
    """Return whether a command has an option."""
    facts = each.option
    if not facts.on_command_line:
        return False
    return {"fit": True, "analyze": facts.in_analyze, "resume": bool(facts.resume_help)}[command]


def _parameter(each: OptionField, command: str) -> Parameter:
    """Return the parameter of an option; lists are None by default."""
    kind = _type_of(each)
    default = None if each.is_list or command == "resume" else each.default
    kind = kind | None if default is None else kind
    return Parameter(
        each.name,
        Parameter.POSITIONAL_OR_KEYWORD,
        default=default,
        annotation=Annotated[kind, option(each.name, command)],
    )


def _type_of(each: OptionField) -> Any:
    """Return the type of an option on the command line."""
    kinds = set(simple_types(each.hint))
    if each.is_list:
        return list[str]
    if kinds & {str, Any}:
        return str
    return next(kind for kind in (bool, int, float) if kind in kinds)


def _flags(each: OptionField, *, paired: bool) -> tuple[str, ...]:
    """Return the flags of an option, if typer would derive others."""
    if each.option.flag:
        return (each.option.flag,)
    name = each.name.replace("_", "-")
    if bool not in simple_types(each.hint):
        return ()
    return (f"--{name}",) if each.default is False and not paired else (f"--{name}/--no-{name}",)


Data = Annotated[str, typer.Argument(help=all_options()["data"].option.help)]
Run = Annotated[Path, typer.Argument(help="A run folder: the --out of 'autotl fit'.")]
Device = Annotated[str, option("device")]
Image = Annotated[str | None, option("image")]
Label = Annotated[list[str] | None, option("label")]
Seed = Annotated[int, option("seed")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output, and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
WatchPage = Annotated[
    bool,
    typer.Option(
        "--watch", help="Serve a page on this machine that follows the run.", rich_help_panel=OUTPUT
    ),
]
WatchPort = Annotated[
    int | None,
    typer.Option(
        help="The first port to try for that page; implies --watch. Default: 8420.",
        metavar="PORT",
        min=1,
        max=65535,
        rich_help_panel=OUTPUT,
    ),
]
Verbose = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print the plan and the use of the time as well.")
]
