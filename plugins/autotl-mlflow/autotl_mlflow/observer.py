"""Observe a search, and send its results to MLflow: parameters, metrics, tags and files."""

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
from autotl_mlflow.client import WriterClient

if TYPE_CHECKING:  # so that the list of plugins does not import torch
    from autotl.results import Result

ARTIFACTS = ("report.html", "report.md", "report.json", "trials.csv", "model")
"""Files of the run folder to upload, the largest last."""

STATUS = {"complete": "FINISHED", "failed": "FAILED", "pruned": "KILLED", "stopped": "KILLED"}
DESCRIPTION = "mlflow.note.content"
"""Tag with the description of a run in MLflow."""


@dataclass(slots=True)
class Search:
    """A search: the client of its writer, and the scores of its trials by number."""

    client: WriterClient
    scores: dict[int, float] = field(default_factory=dict)


_current: ContextVar[Search | None] = ContextVar("autotl_mlflow", default=None)
"""The search of the current thread, because the hooks do not identify the search."""


@hookimpl
def autotl_search_started(plan: Plan, folder: Path, records: Sequence[Record]) -> None:
    """Send the plan, and the trials of a resumed search."""
    _close()
    search, task = Search(WriterClient(folder)), plan.task
    _current.set(search)
    search.client.send(
        "start",
        name=_name(plan),
        params={
            "images": task.train_rows,
            "classes": task.target.outputs,
            "smallest_class": task.smallest_stratum,
            "metric": task.metric,
            "folds": plan.folds,
        },
        tags={
            "autotl.arms": "; ".join(map(str, plan.arms)),
            "autotl.skipped": "; ".join(f"{arm}: {why}" for arm, why in plan.skipped.items()) or None,
            "autotl.folder": folder.absolute(),
            # tags, because a resumed run can increase them, and MLflow parameters cannot change
            "autotl.budget_seconds": plan.seconds,
            "autotl.budget_trials": plan.trials,
        },
    )
    for record in records:
        _send_trial(search, record, known=True)


@hookimpl
def autotl_trial_finished(record: Record) -> None:
    """Send the trial; a trial that ran on more folds gets another step."""
    if search := _current.get():
        _send_trial(search, record)


@hookimpl
def autotl_search_finished(result: Result) -> None:
    """Send the results and the files."""
    if not (search := _current.get()):
        return
    report = result.report
    search.client.send(
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
        files=[str(path) for name in ARTIFACTS if (path := result.folder.absolute() / name).exists()],
    )
    _close()


@hookimpl
def autotl_search_ended() -> None:
    """Close the search; its status is KILLED if it was not finished."""
    _close()


def _close() -> None:
    """Close the current search, if there is one."""
    if search := _current.get():
        _current.set(None)
        search.client.close()


def _send_trial(search: Search, record: Record, *, known: bool = False) -> None:
    """Send a trial; ``known`` if an earlier process may have sent it."""
    if record.score is not None:
        search.scores[record.number] = record.score
    arm = record.arm
    common = {"strategy": arm.strategy, "backbone": arm.backbone, "default": record.default}
    search.client.send(
        "trial",
        known=known,
        number=record.number,
        name=f"{record.number:03} {arm.strategy} · {Path(arm.backbone).name}",
        params={**plain(record.params), **common},
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
    """Return the name of a run: ``2026-03-01 14:05:09, 5 classes, 3670 images, resnet18``."""
    backbones = {Path(arm.backbone).name for arm in plan.arms}
    only = f", {backbones.pop()}" if len(backbones) == 1 else ""
    now, task = datetime.now().astimezone(), plan.task
    return f"{now:%Y-%m-%d %H:%M:%S}, {task.target.outputs} classes, {task.train_rows} images{only}"


def _measured(name: str, found: Any) -> dict[str, float | None]:
    """Return a value of the report and its interval as three metrics; None if it was not measured."""
    low, high = _at(found, "ci95") or (None, None)
    return {name: _at(found, "value"), f"{name}_low": low, f"{name}_high": high}


def _at(report: Any, *keys: str) -> Any:
    """Return the value at a path of keys, or None if a key is missing."""
    found: Any = report
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found
