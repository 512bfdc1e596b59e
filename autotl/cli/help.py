"""Group and order what ``--help`` shows, and complete what is typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from typer.core import TyperCommand, TyperGroup

from autotl.config.choices import CleanName, MetricName, PresetName

ORDER = (
    "fit", "predict", "evaluate", "report", "resume", "analyze", "demo",
    "backbones", "plugins", "bench", "leaderboard",
)  # fmt: skip
"""Commands in the order in which a newcomer needs them."""
MEANT = {
    "train": "fit", "search": "fit", "run": "fit", "start": "fit", "finetune": "fit",
    "test": "evaluate", "eval": "evaluate", "score": "evaluate", "infer": "predict", "label": "predict",
    "classify": "predict", "continue": "resume", "restart": "resume", "show": "report", "open": "report",
    "check": "analyze", "profile": "analyze", "models": "backbones", "networks": "backbones",
    "example": "demo", "strategies": "plugins", "benchmark": "bench",
}  # fmt: skip
"""Commands of other tools, and which of autotl's does the same."""
PANELS: Mapping[str, Sequence[str]] = {
    "Data": ("image", "source", "clean", "seed"),
    "Search": ("trials", "strategy", "without", "image_size"),
    "Switches": ("reweight", "all_backbones", "experience", "curves", "ensemble"),
    "Limits of the model": ("max_latency", "max_size"),
    "Machine": ("device", "executor", "workers", "processes", "storage", "cache"),
    "Output": ("as_json", "quiet"),
}  # fmt: skip
"""Options of ``fit`` that are shown in panels of their own; the others come first."""


class Commands(TyperGroup):
    """The commands in order of use; a command of another tool is answered by autotl's."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands, as help and completion list them."""
        known = super().list_commands(ctx)
        return sorted(known, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; the error for an unknown one names the command that is probably meant."""
        try:
            return super().resolve_command(ctx, args)
        except Exception as error:  # typer's own error has no public name in all its versions
            meant = MEANT.get(args[0].lower()) if args else None
            said = getattr(error, "message", None)
            if meant and isinstance(said, str):
                error.message = f"{said.partition(' Did you mean')[0]} Did you mean {meant!r}?"  # type: ignore[attr-defined]
            raise


class InPanels(TyperCommand):
    """A command whose help shows its rarer options in panels."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        titles = {name: title for title, names in PANELS.items() for name in names}
        for parameter in self.params:
            if title := titles.get(str(parameter.name)):
                parameter.rich_help_panel = title  # type: ignore[attr-defined]


def completed(*names: str) -> Callable[[str], list[str]]:
    """Return what completes an option in a shell: the names that begin as what was typed."""
    return lambda incomplete: [name for name in names if name.startswith(incomplete)]


PRESETS, METRICS, CLEANINGS = (get_args(each) for each in (PresetName, MetricName, CleanName))
