"""Show a search in TensorBoard: a run for the search, and below it one for each trial."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import Plan, Record
from autotl.jsonio import plain

if TYPE_CHECKING:  # listing plugins must not cost the time it takes to import torch
    from autotl.results import Result

VARIABLE = "AUTOTL_TENSORBOARD_DIR"
FOLDER = "tensorboard"
"""In the run folder: where a search goes without the variable."""

MEMORY = "tensorboard.json"
"""In the run folder: where a search went with the variable, for when it is resumed."""


@dataclass(slots=True)
class Search:
    """A search that is being shown: its folder, and the score of each trial told so far.

    ``part`` counts the processes that showed it before, ``told`` what was said of trials: the search's steps.
    """

    folder: Path
    part: int = 0
    told: int = 0
    scores: dict[int, float] = field(default_factory=dict)


_current: ContextVar[Search | None] = ContextVar("autotl_tensorboard", default=None)
"""Hooks are told of a search without being told which; each thread runs its own."""


@hookimpl
def autotl_search_started(plan: Plan, folder: Path, records: Sequence[Record]) -> None:
    # tensorboard is loaded by those who search, not by those who list plugins
    from autotl_tensorboard import events

    _current.set(None)
    place = _place(folder, plan)
    search = Search(place, events.parts(place), events.last_step(place) or 0)
    _write(search, search.folder, texts={"plan": _plan(plan)})
    for record in records:
        shown = events.last_step(_folder(search, record))
        if shown is None or shown < record.folds:  # its process ended before it could be told
            _show(search, record)
        elif record.score is not None:
            search.scores[record.number] = record.score
    _current.set(search)


@hookimpl
def autotl_trial_finished(record: Record) -> None:
    """A trial that ran on more folds is told again: its run then has one more step."""
    if search := _current.get():
        _show(search, record)


@hookimpl
def autotl_search_finished(result: Result) -> None:
    if not (search := _current.get()):
        return
    report = result.report
    gain, cost = _at(report, "when", "transfer_gain"), _at(report, "cost", "seconds")
    scalars = {**_measured("test", _at(report, "test")), **_measured("transfer_gain", gain), "seconds": cost}
    _write(search, search.folder, step=search.told, texts={"verdict": _verdict(result)})
    _write(
        search,
        _new_folder(search.folder, "winner"),  # a resumed search may have another, and no row changes
        step=search.told,
        scalars=scalars,
        settings=_settings(
            _at(report, "how", "params") or {},
            strategy=_at(report, "verdict", "strategy"),
            backbone=_at(report, "verdict", "backbone"),
        ),
    )


@hookimpl
def autotl_search_ended() -> None:
    _current.set(None)


def _show(search: Search, record: Record) -> None:
    search.told += 1
    if record.score is not None:
        search.scores[record.number] = record.score
    numbers = {
        "epochs": record.epochs,
        "folds": record.folds,
        "score": record.score,
        "seconds": record.seconds,
    }
    _write(
        search,
        search.folder,
        step=search.told,
        scalars={
            "best_score": max(search.scores.values(), default=None),
            **{f"trial/{name}": value for name, value in numbers.items()},
        },
    )
    _write(
        search,
        _folder(search, record),
        step=record.folds,
        scalars=numbers,
        texts={"trial": _trial(record)},
        settings=_settings(
            record.params,
            strategy=record.arm.strategy,
            backbone=record.arm.backbone,
            default=record.default,
        ),
        failed=record.state == "failed",
    )


def _write(search: Search, folder: Path, **content: Any) -> None:
    from autotl_tensorboard import events

    events.write(folder, part=search.part, **content)


def _folder(search: Search, record: Record) -> Path:
    """A trial's own."""
    return search.folder / _safe(f"{record.number:03}_{record.arm.strategy}_{Path(record.arm.backbone).name}")


def _place(run: Path, plan: Plan) -> Path:
    """Where the search of this run folder goes, or where it went before it was resumed.

    A variable that has come to name another place since begins there anew.
    """
    root, memory = os.environ.get(VARIABLE), run / MEMORY
    known = _remembered(memory)
    if known and (not root or known.parent == Path(root).resolve()):
        return known
    if not root:
        return run / FOLDER
    folder = _new_folder(Path(root).resolve(), _name(plan))
    memory.write_text(json.dumps({"folder": str(folder)}), encoding="utf-8")
    return folder


def _remembered(memory: Path) -> Path | None:
    """The folder that a run had gone to; None where there was none, or it is gone."""
    try:
        folder = Path(json.loads(memory.read_text(encoding="utf-8"))["folder"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return folder if folder.is_dir() else None


def _new_folder(root: Path, name: str) -> Path:
    """A folder that was not there: two searches may start within a second."""
    for number in range(1, 1000):
        folder = root / (name if number == 1 else f"{name}_{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            if not root.is_dir():
                raise
            continue
        return folder
    raise FileExistsError(f"{root} holds a thousand runs called {name}. Set {VARIABLE} to another folder.")


def _name(plan: Plan) -> str:
    """The time, and what is known of the data: ``2026-03-01_14-05-09_5-classes_3670-images_resnet18``."""
    backbones = {arm.backbone for arm in plan.arms}
    only = f"_{Path(backbones.pop()).name}" if len(backbones) == 1 else ""
    task = plan.task
    now = datetime.now().astimezone()
    return _safe(f"{now:%Y-%m-%d_%H-%M-%S}_{len(task.classes)}-classes_{task.train_rows}-images{only}")


def _safe(name: str) -> str:
    """A folder's name that any system takes."""
    return re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII)[:120]


def _settings(params: Mapping[str, Any], **about: str | bool | None) -> dict[str, float | str | bool]:
    """A row of the HParams page. What every trial has wins over a setting of the same name."""
    return {name: value for name, value in {**plain(params), **about}.items() if value is not None}


def _measured(name: str, found: Any) -> dict[str, float | None]:
    """A value of the report with its interval, as three scalars; None where it was not measured."""
    low, high = _at(found, "ci95") or (None, None)
    return {f"{name}/value": _at(found, "value"), f"{name}/low": low, f"{name}/high": high}


def _plan(plan: Plan) -> str:
    task = plan.task
    budget = [f"{plan.seconds:g} seconds"] if plan.seconds is not None else []
    budget += [f"{plan.trials} trials"] if plan.trials is not None else []
    rows = [
        ("training images", task.train_rows),
        ("classes", f"{len(task.classes)}, the smallest with {task.min_per_class} images"),
        ("metric", task.metric),
        ("folds", plan.folds),
        ("budget", " or ".join(budget)),
        ("arms", "; ".join(map(str, plan.arms))),
        *((f"left out: {arm}", why) for arm, why in plan.skipped.items()),
    ]
    return _table(rows)


def _trial(record: Record) -> str:
    rows = [
        ("arm", str(record.arm)),
        ("state", record.state),
        ("default settings", "yes" if record.default else "no"),
        ("settings", json.dumps(plain(record.params), ensure_ascii=False)),
        *([("why", record.why)] if record.why else []),
    ]
    return _table(rows)


def _verdict(result: Result) -> str:
    report = result.report
    trials, seconds = _at(report, "search", "trials"), _at(report, "cost", "seconds")
    rows = [
        ("verdict", _at(report, "verdict", "transfer")),
        ("winner", " · ".join(str(_at(report, "verdict", key)) for key in ("strategy", "backbone"))),
        ("settings", json.dumps(_at(report, "how", "params"), ensure_ascii=False)),
        (f"test {_at(report, 'test', 'metric')}", _spoken(_at(report, "test"))),
        ("transfer gain", _spoken(_at(report, "when", "transfer_gain"))),
        ("cost", f"{trials} trials" + ("" if seconds is None else f" in {seconds:.1f} seconds")),
        ("run folder", result.folder),
    ]
    return f"{_at(report, 'verdict', 'sentence') or ''}\n\n{_table(rows)}"


def _spoken(found: Any) -> str:
    """``0.812 (0.774 to 0.850)``: a value of the report with its 95 % interval."""
    value, ends = _at(found, "value"), _at(found, "ci95")
    if value is None:
        return "not measured"
    return f"{value:.3f}" + (f" (95 % interval {ends[0]:.3f} to {ends[1]:.3f})" if ends else "")


def _table(rows: Sequence[tuple[str, object]]) -> str:
    """Two columns in Markdown, with what would break a row escaped."""
    cells = [[" ".join(str(cell).split()).replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in cells)])


def _at(report: Any, *keys: str) -> Any:
    """The value at a path of keys; None where any of it is missing."""
    found: Any = report
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found
