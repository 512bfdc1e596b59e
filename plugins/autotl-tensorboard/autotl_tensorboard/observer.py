"""Show a search in TensorBoard: a run for the search, and a run for each trial in its folder."""

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

if TYPE_CHECKING:  # so that the list of plugins does not import torch
    from autotl.results import Result

VARIABLE = "AUTOTL_TENSORBOARD_DIR"
FOLDER = "tensorboard"
"""Folder in the run folder, if the variable is not set."""

LOCATION = "tensorboard.json"
"""File in the run folder with the folder of the search, for a resumed search."""


@dataclass(slots=True)
class Search:
    """A search.

    Attributes:
        folder: Its folder.
        part: Number of earlier processes of the search.
        step: Number of trial results so far, the last step of the search.
        scores: Scores of the trials by number.
    """

    folder: Path
    part: int = 0
    step: int = 0
    scores: dict[int, float] = field(default_factory=dict)


_current: ContextVar[Search | None] = ContextVar("autotl_tensorboard", default=None)
"""The search of the current thread, because the hooks do not identify the search."""


@hookimpl
def autotl_search_started(plan: Plan, folder: Path, records: Sequence[Record]) -> None:
    """Write the plan, and the missing trials of a resumed search."""
    # imported here, so that the list of plugins does not import tensorboard
    from autotl_tensorboard import events

    _current.set(None)
    location = _location(folder, plan)
    search = Search(location, events.parts(location), events.last_step(location) or 0)
    _write(search, search.folder, texts={"plan": _plan_text(plan)})
    for record in records:
        last = events.last_step(_folder(search, record))
        if last is None or last < record.folds:  # the process ended before it was written
            _write_trial(search, record)
        elif record.score is not None:
            search.scores[record.number] = record.score
    _current.set(search)


@hookimpl
def autotl_trial_finished(record: Record) -> None:
    """Write the trial; a trial that ran on more folds gets another step."""
    if search := _current.get():
        _write_trial(search, record)


@hookimpl
def autotl_search_finished(result: Result) -> None:
    """Write the verdict and the winner."""
    if not (search := _current.get()):
        return
    report = result.report
    gain, cost = _at(report, "when", "transfer_gain"), _at(report, "cost", "seconds")
    scalars = {**_measured("test", _at(report, "test")), **_measured("transfer_gain", gain), "seconds": cost}
    _write(search, search.folder, step=search.step, texts={"verdict": _verdict_text(result)})
    _write(
        search,
        _new_folder(search.folder, "winner"),  # a new folder, because a row cannot change and the winner can
        step=search.step,
        scalars=scalars,
        settings=_settings(
            _at(report, "how", "params") or {},
            strategy=_at(report, "verdict", "strategy"),
            backbone=_at(report, "verdict", "backbone"),
        ),
    )


@hookimpl
def autotl_search_ended() -> None:
    """Forget the search."""
    _current.set(None)


def _write_trial(search: Search, record: Record) -> None:
    search.step += 1
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
        step=search.step,
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
        texts={"trial": _trial_text(record)},
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
    """Return the folder of a trial."""
    return search.folder / _safe(f"{record.number:03}_{record.arm.strategy}_{Path(record.arm.backbone).name}")


def _location(run: Path, plan: Plan) -> Path:
    """Return the folder of the search in this run folder.

    A resumed search continues in its folder, unless the variable has changed.
    """
    root, file = os.environ.get(VARIABLE), run / LOCATION
    saved = _saved_location(file)
    if saved and (not root or saved.parent == Path(root).resolve()):
        return saved
    if not root:
        return run / FOLDER
    folder = _new_folder(Path(root).resolve(), _name(plan))
    file.write_text(json.dumps({"folder": str(folder)}), encoding="utf-8")
    return folder


def _saved_location(file: Path) -> Path | None:
    """Return the saved folder, or None if there is none or it was deleted."""
    try:
        folder = Path(json.loads(file.read_text(encoding="utf-8"))["folder"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return folder if folder.is_dir() else None


def _new_folder(root: Path, name: str) -> Path:
    """Create a new folder; two searches can start within a second."""
    for number in range(1, 1000):
        folder = root / (name if number == 1 else f"{name}_{number}")
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            if not root.is_dir():
                raise
            continue
        return folder
    raise FileExistsError(
        f"{root} already contains 999 runs called {name}. Set {VARIABLE} to another folder."
    )


def _name(plan: Plan) -> str:
    """Return the name of a search: ``2026-03-01_14-05-09_5-classes_3670-images_resnet18``."""
    backbones = {arm.backbone for arm in plan.arms}
    only = f"_{Path(backbones.pop()).name}" if len(backbones) == 1 else ""
    task = plan.task
    now = datetime.now().astimezone()
    return _safe(f"{now:%Y-%m-%d_%H-%M-%S}_{task.target.outputs}-classes_{task.train_rows}-images{only}")


def _safe(name: str) -> str:
    """Return a folder name that is valid on all systems."""
    return re.sub(r"[^\w.-]+", "-", name, flags=re.ASCII)[:120]


def _settings(params: Mapping[str, Any], **common: str | bool | None) -> dict[str, float | str | bool]:
    """Return a row of the HParams page; ``common`` values take precedence over parameters."""
    return {name: value for name, value in {**plain(params), **common}.items() if value is not None}


def _measured(name: str, found: Any) -> dict[str, float | None]:
    """Return a value of the report and its interval as three scalars; None if it was not measured."""
    low, high = _at(found, "ci95") or (None, None)
    return {f"{name}/value": _at(found, "value"), f"{name}/low": low, f"{name}/high": high}


def _plan_text(plan: Plan) -> str:
    task = plan.task
    budget = [f"{plan.seconds:g} seconds"] if plan.seconds is not None else []
    budget += [f"{plan.trials} trials"] if plan.trials is not None else []
    rows = [
        ("training images", task.train_rows),
        ("classes", f"{task.target.outputs}, the smallest with {task.smallest_stratum} images"),
        ("metric", task.metric),
        ("folds", plan.folds),
        ("budget", " or ".join(budget)),
        ("arms", "; ".join(map(str, plan.arms))),
        *((f"skipped: {arm}", why) for arm, why in plan.skipped.items()),
    ]
    return _table(rows)


def _trial_text(record: Record) -> str:
    rows = [
        ("arm", str(record.arm)),
        ("state", record.state),
        ("default settings", "yes" if record.default else "no"),
        ("settings", json.dumps(plain(record.params), ensure_ascii=False)),
        *([("reason", record.why)] if record.why else []),
    ]
    return _table(rows)


def _verdict_text(result: Result) -> str:
    report = result.report
    trials, seconds = _at(report, "search", "trials"), _at(report, "cost", "seconds")
    rows = [
        ("verdict", _at(report, "verdict", "transfer")),
        ("winner", " · ".join(str(_at(report, "verdict", key)) for key in ("strategy", "backbone"))),
        ("settings", json.dumps(_at(report, "how", "params"), ensure_ascii=False)),
        (f"test {_at(report, 'test', 'metric')}", _with_interval(_at(report, "test"))),
        ("transfer gain", _with_interval(_at(report, "when", "transfer_gain"))),
        ("cost", f"{trials} trials" + ("" if seconds is None else f" in {seconds:.1f} seconds")),
        ("run folder", result.folder),
    ]
    return f"{_at(report, 'verdict', 'sentence') or ''}\n\n{_table(rows)}"


def _with_interval(found: Any) -> str:
    """Return a value of the report with its 95 % interval: ``0.812 (95 % interval 0.774 to 0.850)``."""
    value, ends = _at(found, "value"), _at(found, "ci95")
    if value is None:
        return "not measured"
    return f"{value:.3f}" + (f" (95 % interval {ends[0]:.3f} to {ends[1]:.3f})" if ends else "")


def _table(rows: Sequence[tuple[str, object]]) -> str:
    """Return a Markdown table of two columns, escaped."""
    cells = [[" ".join(str(cell).split()).replace("|", "\\|") for cell in row] for row in rows]
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in cells)])


def _at(report: Any, *keys: str) -> Any:
    """Return the value at a path of keys, or None if a key is missing."""
    found: Any = report
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found
