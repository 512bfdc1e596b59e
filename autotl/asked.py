"""What a call of ``fit`` asks for, kept as plain data and merged with what a run was begun with."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from autotl import jsonio
from autotl.clock import seconds
from autotl.errors import RunError
from autotl.masking import HIDDEN, VARIABLE, masked
from autotl.results import RunFile
from autotl.train import reference

OF_THE_CALL = ("out", "resume", "watch")
MAY_DIFFER = ("budget", "trials", "device", "executor", "workers", "processes", "cache", "ensemble")
"""What a resumed run may do otherwise: it changes no image, and not what a setting means."""
OBJECTS = ("data", "source")


def arguments(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of ``fit`` as JSON knows them. Paths are made absolute, a function is named as
    ``module:function``; of data in memory, and of a function without such a name, nothing is kept but that
    it was, under ``in_memory``.
    """
    kept = {name: value for name, value in asked.items() if name not in (*OF_THE_CALL, *OBJECTS, "backbone")}
    for name in ("strategies", "without"):
        kept[name] = [kept[name]] if isinstance(kept[name], str) else list(kept[name])
    named = asked["backbone"]
    kept["backbone"] = [lasting(each) for each in ([named] if isinstance(named, str | Path) else named)]
    for name in OBJECTS:
        kept[name] = lasting(asked[name], path=True) if isinstance(asked[name], str | os.PathLike) else None
    kept["metric"] = asked["metric"] if isinstance(asked["metric"], str) else reference(asked["metric"])
    kept["in_memory"] = [
        name for name in (*OBJECTS, "metric") if asked[name] is not None and kept[name] is None
    ]
    kept["storage"] = asked["storage"] and masked(asked["storage"])
    plain: dict[str, Any] = jsonio.plain(kept)
    return plain


def lasting(name: str | os.PathLike[str], *, path: bool = False) -> str:
    """A path as it is called from any folder; a name that is no folder stays as it is, unless it is known to
    be a ``path``.
    """
    place = Path(name).expanduser()
    return str(place.resolve()) if path or place.is_dir() else str(name)


def merged(
    asked: Mapping[str, Any],
    file: RunFile,
    defaults: Mapping[str, Any],
    folder: Path,
    *,
    given: Collection[str] = (),
) -> dict[str, Any]:
    """The arguments to go on with: those the run was begun with, and what is asked for otherwise now: what
    differs from the ``defaults``, and what is named as ``given``.

    Raises RunError where that would make it another run, where data in memory is missing, and where the run
    is finished and no more is asked for.
    """
    old, new, usual = file.arguments, arguments(asked), arguments(defaults)
    if file.ended == "finished":
        _check_more(new, old, folder)
    together = dict(asked)
    for name, value in old.items():
        if name in (*OBJECTS, "in_memory"):
            continue
        if name == "metric" and name in old["in_memory"]:
            if not callable(asked[name]):
                raise RunError(
                    f"The run in {folder} was begun with a metric that is a function of its own process. "
                    f"Go on from Python with the same one: "
                    f"autotl.resume({str(folder)!r}, metric=...)."
                )
            continue
        if name not in given and new[name] == usual[name]:
            together[name] = value
        elif new[name] != value and name not in MAY_DIFFER:
            raise RunError(
                f"The run in {folder} was begun with {name}={value!r}, and {new[name]!r} is asked for now. "
                "Leave it out, or start a new run in another folder."
            )
    if HIDDEN in (together["storage"] or ""):
        together["storage"] = _whole_storage(together["storage"], folder)
    for name in OBJECTS:
        if asked[name] is None:
            together[name] = old[name]
            if name in old["in_memory"]:
                raise RunError(
                    f"The run in {folder} was begun on {name} in memory. Go on from Python: "
                    f"autotl.resume({str(folder)!r}, {name}=...), with the same {name}."
                )
    return together


def _whole_storage(kept: str, folder: Path) -> str:
    """The storage's URL with its password, which no file of the run holds."""
    told = os.environ.get(VARIABLE)
    if told is None or masked(told) != kept:
        why = "is not set" if told is None else f"is set, but to {masked(told)}"
        raise RunError(
            f"The run in {folder} keeps its studies in {kept}, and passwords are not kept. Give the whole "
            f"URL as --storage (storage=) or in the environment variable {VARIABLE}, which {why}."
        )
    return told


def changes(file: RunFile, plugins: Mapping[str, str]) -> list[str]:
    """Sentences on what is installed otherwise than when the run was begun."""
    now = {"autotl": version("autotl"), **plugins}
    then = {"autotl": file.autotl, **file.plugins}
    told = []
    for name in sorted({*then, *now}):
        if then.get(name) != now.get(name):
            had, has = then.get(name, "not installed"), now.get(name, "not installed")
            told.append(f"{name} has changed since the run was begun: {had} then, {has} now.")
    return told


def _check_more(new: Mapping[str, Any], old: Mapping[str, Any], folder: Path) -> None:
    def more(name: str) -> bool:
        if new[name] is None or old[name] is None:
            return False
        return seconds(new[name]) > seconds(old[name]) if name == "budget" else bool(new[name] > old[name])

    if not more("budget") and not more("trials"):
        had = ", ".join(f"{name} {old[name]}" for name in ("budget", "trials") if old[name] is not None)
        raise RunError(
            f"The run in {folder} is finished: nothing is left to do. It had {had}; "
            "only more of that makes it go on."
        )
