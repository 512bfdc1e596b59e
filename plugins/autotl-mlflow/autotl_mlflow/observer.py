"""Tell MLflow of a search: what is said of it, and of each trial, in MLflow's terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotl import hookimpl
from autotl.api import Plan, Record
from autotl.jsonio import plain
from autotl_mlflow.scribe import Scribe

if TYPE_CHECKING:  # listing plugins must not cost the time it takes to import torch
    from autotl.results import Result

KEPT = ("report.html", "report.md", "report.json", "trials.csv", "model")
"""What of the run folder goes among the artifacts, the largest last."""

STATUS = {"complete": "FINISHED", "failed": "FAILED", "pruned": "KILLED", "stopped": "KILLED"}
DESCRIPTION = "mlflow.note.content"
"""The tag that MLflow shows as a run's description."""


@dataclass(slots=True)
class Search:
    """A search that is being kept, and the score of each trial told so far."""

    scribe: Scribe
    scores: dict[int, float] = field(default_factory=dict)


_current: ContextVar[Search | None] = ContextVar("autotl_mlflow", default=None)
"""Hooks are told of a search without being told which; each thread runs its own."""


@hookimpl
def autotl_search_started(plan: Plan, folder: Path, records: Sequence[Record]) -> None:
    _leave()
    search, task = Search(Scribe(folder)), plan.task
    _current.set(search)
    search.scribe.tell(
        "begin",
        name=_name(plan),
        params={
            "images": task.train_rows,
            "classes": len(task.classes),
            "smallest_class": task.min_per_class,
            "metric": task.metric,
            "folds": plan.folds,
        },
        tags={
            "autotl.arms": "; ".join(map(str, plan.arms)),
            "autotl.skipped": "; ".join(f"{arm}: {why}" for arm, why in plan.skipped.items()) or None,
            "autotl.folder": folder.absolute(),
            # a resumed run may have more of either, and no parameter can be set twice
            "autotl.budget_seconds": plan.seconds,
            "autotl.budget_trials": plan.trials,
        },
    )
    for record in records:
        _tell(search, record, known=True)


@hookimpl
def autotl_trial_finished(record: Record) -> None:
    """A trial that ran on more folds is told again: its run then has one more step."""
    if search := _current.get():
        _tell(search, record)


@hookimpl
def autotl_search_finished(result: Result) -> None:
    if not (search := _current.get()):
        return
    report = result.report
    search.scribe.tell(
        "finish",
        params={"seed": _at(report, "seed")},
        metrics={
            **_measured("test", _at(report, "test")),
            **_measured("transfer_gain", _at(report, "when", "transfer_gain")),
            "transfer_gain_p": _at(report, "when", "transfer_gain", "p"),
            "total_seconds": _at(report, "cost", "seconds"),
            "trials": _at(report, "search", "trials"),
        },
        tags={
            "autotl.data": _at(report, "name"),
            "autotl.verdict": _at(report, "verdict", "transfer"),
            "autotl.strategy": _at(report, "verdict", "strategy"),
            "autotl.backbone": _at(report, "verdict", "backbone"),
            **{f"autotl.winner.{name}": x for name, x in (_at(report, "how", "params") or {}).items()},
            "autotl.command": _at(report, "command"),
            "autotl.version": _at(report, "environment", "autotl"),
            DESCRIPTION: _at(report, "verdict", "sentence"),
        },
        files=[str(path) for name in KEPT if (path := result.folder.absolute() / name).exists()],
    )
    _leave()


@hookimpl
def autotl_search_ended() -> None:
    _leave()


def _leave() -> None:
    """Let go of the search there was: unless it was told to be finished, its run is KILLED."""
    if search := _current.get():
        _current.set(None)
        search.scribe.close()


def _tell(search: Search, record: Record, *, known: bool = False) -> None:
    """``known``: it may have been told by the process that began the run."""
    if record.score is not None:
        search.scores[record.number] = record.score
    arm = record.arm
    about = {"strategy": arm.strategy, "backbone": arm.backbone, "default": record.default}
    search.scribe.tell(
        "trial",
        known=known,
        number=record.number,
        name=f"{record.number:03} {arm.strategy} · {Path(arm.backbone).name}",
        params={**plain(record.params), **about},
        metrics={
            "score": record.score,
            "best_score": max(search.scores.values(), default=None),
            "epochs": record.epochs,
            "folds": record.folds,
            "seconds": record.seconds,
        },
        tags={"autotl.state": record.state, "autotl.why": record.why or None},
        step=record.folds,
        status=STATUS.get(record.state, "FINISHED"),
    )


def _name(plan: Plan) -> str:
    """The time, and what is known of the data: ``2026-03-01 14:05:09, 5 classes, 3670 images, resnet18``."""
    backbones = {Path(arm.backbone).name for arm in plan.arms}
    only = f", {backbones.pop()}" if len(backbones) == 1 else ""
    now, task = datetime.now().astimezone(), plan.task
    return f"{now:%Y-%m-%d %H:%M:%S}, {len(task.classes)} classes, {task.train_rows} images{only}"


def _measured(name: str, found: Any) -> dict[str, float | None]:
    """A value of the report with its interval, as three metrics; None where it was not measured."""
    low, high = _at(found, "ci95") or (None, None)
    return {name: _at(found, "value"), f"{name}_low": low, f"{name}_high": high}


def _at(report: Any, *keys: str) -> Any:
    """The value at a path of keys; None where any of it is missing."""
    found: Any = report
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found
