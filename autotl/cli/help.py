"""Order the commands in ``--help``, and answer unknown commands."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

ORDER = (
    "fit", "predict", "evaluate", "serve", "export", "report", "compare", "watch", "resume", "analyze",
    "explore", "demo", "backbones", "plugins", "new-plugin", "try", "bench", "leaderboard",
)  # fmt: skip
"""The commands in the order in which a new user needs them."""
MEANT = {
    "train": "fit", "search": "fit", "run": "fit", "start": "fit", "finetune": "fit",
    "test": "evaluate", "eval": "evaluate", "score": "evaluate", "infer": "predict", "label": "predict",
    "classify": "predict", "continue": "resume", "restart": "resume", "show": "report", "open": "report",
    "cluster": "explore", "group": "explore", "map": "explore",
    "diff": "compare", "versus": "compare",
    "check": "analyze", "profile": "analyze", "models": "backbones", "networks": "backbones",
    "convert": "export", "onnx": "export", "deploy": "serve", "server": "serve",
    "http": "serve",
    "follow": "watch", "monitor": "watch", "dashboard": "watch", "progress": "watch",
    "example": "demo", "strategies": "plugins", "benchmark": "bench",
}  # fmt: skip
"""Commands of other tools, with autotl's command for the same purpose."""


class Commands(TyperGroup):
    """The commands in the order of use.

    The error for an unknown command names the likely one.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands, as help and completion list them."""
        known = super().list_commands(ctx)
        return sorted(known, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; the error for an unknown one suggests another."""
        try:
            return super().resolve_command(ctx, args)
        except Exception as error:  # typer's own error has no public name in all its versions
            meant = MEANT.get(args[0].lower()) if args else None
            text = getattr(error, "message", None)
            if meant and isinstance(text, str):
                # the branch has checked the attribute, which the type Exception lacks
                error.message = f"{text.partition(' Did you mean')[0]} Did you mean {meant!r}?"  # type: ignore[attr-defined]
            raise
