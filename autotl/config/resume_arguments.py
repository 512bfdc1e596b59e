"""What a call of ``fit`` asks for, kept as plain data and merged with what a run was begun with."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from typing_extensions import TypedDict  # pydantic takes no other before Python 3.12

from autotl import jsonio
from autotl.clock import seconds
from autotl.errors import RunError
from autotl.masking import VARIABLE, masked
from autotl.metrics import METRICS, import_reference
from autotl.results import RUN_FILE, RunFile

OF_THE_CALL = ("out", "resume", "watch")
MAY_DIFFER = ("budget", "trials", "device", "executor", "workers", "processes", "cache", "ensemble")
"""What a resumed run may do otherwise: it changes no image, and not what a setting means."""
OBJECTS = ("data", "source")


class Kept(TypedDict, total=False):
    """The arguments of ``fit`` as ``run.json`` holds them; see :func:`arguments`."""

    data: str | None
    preset: str
    backbone: list[str]
    source: str | None
    budget: str | float | None
    trials: int | None
    strategies: list[str]
    without: list[str]
    metric: str | None
    image_size: int | None
    max_latency: str | None
    max_size: str | float | None
    test: float
    image: str | None
    label: str | None
    group: str | None
    device: str
    executor: str
    workers: int
    storage: str | None
    processes: int
    cache: str | float | None
    clean: str
    reweight: bool
    all_backbones: bool | None
    experience: bool
    curves: bool | None
    ensemble: bool
    seed: int
    in_memory: list[str]


def checked(file: RunFile, folder: Path) -> tuple[RunFile, list[str]]:
    """Check the arguments in a ``run.json``, which a person may have edited.

    Returns:
        The same with the arguments that this autotl knows, and a note on the others.

    Raises:
        RunError: An argument is of another type than the one of ``fit``.
    """
    known = {name: value for name, value in file.arguments.items() if name in Kept.__annotations__}
    try:
        jsonio.as_type(known, Kept)
    except ValueError as error:
        raise RunError(
            f"The arguments in {folder / RUN_FILE} were edited: {error}. Restore the file, or start a "
            "new run in another folder."
        ) from error
    others = sorted(file.arguments.keys() - known.keys())
    notes = [
        f"{RUN_FILE} has the argument {name}, which this autotl does not know: it is ignored."
        for name in others
    ]
    return replace(file, arguments={"in_memory": [], **known}), notes


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
    kept["metric"] = (
        asked["metric"] if isinstance(asked["metric"], str) else import_reference(asked["metric"])
    )
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

    Raises RunError where that would make it another run, where data in memory is missing, where the run is
    finished and no more is asked for, and where a metric to import or a database is not given again: a run
    folder may be somebody else's, and decides neither what code runs nor what is opened.
    """
    new, usual = arguments(asked), arguments(defaults)
    old = {**usual, **file.arguments}
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
            if name == "metric" and value not in METRICS:
                raise RunError(_metric_again(value, folder))
            together[name] = value
        elif new[name] != value and name not in MAY_DIFFER:
            raise RunError(
                f"The run in {folder} was begun with {name}={value!r}, and {new[name]!r} is asked for now. "
                "Leave it out, or start a new run in another folder."
            )
    if together["storage"] is not None and asked["storage"] is None:
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


def _metric_again(kept: str | None, folder: Path) -> str:
    return (
        f"The run in {folder} was begun with the metric {kept!r}, a function. Code does not run because a "
        f"file names it: if you know this function, give it again, as --metric {kept} (metric=)."
    )


def _whole_storage(kept: str, folder: Path) -> str:
    """The storage's URL as the user gives it: with its password, and never as a file alone names it."""
    told = os.environ.get(VARIABLE)
    if told is None or masked(told) != kept:
        why = "is not set" if told is None else f"is set, but to {masked(told)}"
        raise RunError(
            f"The run in {folder} has its studies in {kept}. No database is opened because a file names it, "
            "and passwords are not kept. If you know this database, give the whole URL as --storage "
            f"(storage=) or in the environment variable {VARIABLE}, which {why}."
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
