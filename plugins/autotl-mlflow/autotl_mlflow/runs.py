"""Keep a search in MLflow: a run for the search, and below it one for each trial."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag
from mlflow.exceptions import MlflowException

from autotl_mlflow import memory

EXPERIMENT = "autotl"
"""Where runs go unless MLflow's own variables say."""

LONGEST = 5000
"""Characters of a text that every store takes."""

NUMBER = "autotl.trial"
WINNER = "autotl.winner."
"""The tags of the winner's settings: another winner may have others."""
PARENT = "mlflow.parentRunId"
PAGE = 1000
BATCH = 90
"""Parameters, and tags, that every store takes at once."""


@dataclass(slots=True)
class Search:
    """The run of a search, and those of its trials by number.

    ``told`` counts what was said of trials: the steps of the search. ``kept`` says on how many folds a trial
    was when it was last written.
    """

    client: MlflowClient
    experiment: str
    id: str
    told: int = 0
    trials: dict[int, str] = field(default_factory=dict)
    kept: dict[int, int] = field(default_factory=dict)
    finished: bool = False

    @classmethod
    def begin(cls, folder: Path, *, name: str, params: Mapping[str, Any], tags: Mapping[str, Any]) -> Search:
        """Go on with the run that the folder remembers, where the store still has it; else begin one."""
        client, own = memory.store(folder)
        found = _known(client, memory.run(folder))
        if found and own and not memory.lies_in(found.info.artifact_uri, folder):
            found = None  # the folder was moved, and the run's artifacts would go where it was
        if found:
            search = cls(client, found.info.experiment_id, found.info.run_id)
            client.update_run(search.id, status="RUNNING")
            search._recall()
            for stale in (tag for tag in found.data.tags if tag.startswith(WINNER)):
                client.delete_tag(search.id, stale)
        else:
            experiment, parent = _place(client, folder if own else None)
            run = client.create_run(experiment, tags=_above(parent), run_name=_text(name))
            search = cls(client, experiment, run.info.run_id)
            memory.remember(folder, search.id, own=own)
            search._log(search.id, params=params)
        search._log(search.id, tags=tags)
        return search

    def trial(
        self,
        *,
        known: bool,
        number: int,
        name: str,
        params: Mapping[str, Any],
        metrics: Mapping[str, float | None],
        tags: Mapping[str, Any],
        step: int,
        status: str,
    ) -> None:
        """A trial, or more of one. One that is ``known`` is written where it was not yet."""
        if known and self.kept.get(number, -1) >= step:
            return
        if number not in self.trials:
            begun = _now() - int(1000 * (metrics["seconds"] or 0))
            marks = {**_above(self.id), NUMBER: str(number)}
            run = self.client.create_run(self.experiment, begun, marks, _text(name))
            self.trials[number] = run.info.run_id
        self._log(self.trials[number], params=params, metrics=metrics, tags=tags, step=step)
        self.client.set_terminated(self.trials[number], status)
        self.told, self.kept[number] = self.told + 1, step
        self._log(self.id, metrics=metrics, step=self.told)

    def finish(
        self,
        *,
        params: Mapping[str, Any],
        metrics: Mapping[str, float | None],
        tags: Mapping[str, Any],
        files: Sequence[str],
    ) -> None:
        """What the search found, with the files and folders that go among the run's artifacts."""
        self._log(self.id, params=params, metrics=metrics, tags=tags, step=self.told)
        self.finished = True
        try:
            for each in map(Path, files):
                if each.is_dir():
                    self.client.log_artifacts(self.id, str(each), each.name)
                else:
                    self.client.log_artifact(self.id, str(each))
        finally:  # files may go elsewhere than the rest, and by packages that are not there
            self.client.set_terminated(self.id, "FINISHED")

    def leave(self) -> None:
        """End it as KILLED, unless it is finished."""
        if not self.finished:
            self.client.set_terminated(self.id, "KILLED")

    def _recall(self) -> None:
        """What the store has of the trials so far."""
        token = None
        while token != "":
            page = self.client.search_runs(
                [self.experiment], f"tags.`{PARENT}` = '{self.id}'", max_results=PAGE, page_token=token
            )
            for run in page:
                if NUMBER in run.data.tags and run.info.status != "RUNNING":
                    number = int(run.data.tags[NUMBER])
                    self.kept[number] = int(run.data.metrics.get("folds", -1))
                if NUMBER in run.data.tags:
                    self.trials[int(run.data.tags[NUMBER])] = run.info.run_id
            token = page.token or ""
        steps = [each.step for each in self.client.get_metric_history(self.id, "seconds")]
        self.told = max(steps, default=0)

    def _log(
        self,
        run: str,
        *,
        params: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float | None] | None = None,
        tags: Mapping[str, Any] | None = None,
        step: int = 0,
    ) -> None:
        """Write all of it; what is None is left out."""
        now, texts = _now(), [Param(name, _text(x)) for name, x in _given(params)]
        marks = [RunTag(name, _text(x)) for name, x in _given(tags)]
        numbers = [Metric(name, float(x), now, step) for name, x in _given(metrics)]
        while texts or marks or numbers:
            self.client.log_batch(run, numbers, texts[:BATCH], marks[:BATCH])
            numbers, texts, marks = [], texts[BATCH:], marks[BATCH:]


def _known(client: MlflowClient, run: str | None) -> Run | None:
    """The run, unless it was deleted, or is of another store."""
    if run is None:
        return None
    try:
        found = client.get_run(run)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
    return found if found.info.lifecycle_stage == "active" else None


def _place(client: MlflowClient, folder: Path | None) -> tuple[str, str | None]:
    """The experiment, and the run to be below. ``folder`` is the run folder where the store is in it."""
    if not folder and (above := os.environ.get("MLFLOW_RUN_ID")):
        return str(client.get_run(above).info.experiment_id), above
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME")
    if not name and not folder and (known := os.environ.get("MLFLOW_EXPERIMENT_ID")):
        return known, None
    name, found = name or EXPERIMENT, None
    place = memory.artifacts(folder) if folder else None
    for _ in range(2):
        if found := client.get_experiment_by_name(name):
            if found.lifecycle_stage != "active":
                raise ValueError(
                    f"The experiment {name!r} was deleted. Restore it, or name another in "
                    "MLFLOW_EXPERIMENT_NAME."
                )
            if not folder or memory.lies_in(found.artifact_location, folder):
                return str(found.experiment_id), None
            client.rename_experiment(found.experiment_id, f"{name}, before the run was moved {_now()}")
        try:
            return str(client.create_experiment(name, artifact_location=place)), None
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":  # another search made it just now
                raise
    raise RuntimeError(f"The experiment {name!r} can neither be found nor made.")


def _above(run: str | None) -> dict[str, str]:
    return {"mlflow.source.name": "autotl", **({PARENT: run} if run else {})}


def _given(values: Mapping[str, Any] | None) -> list[tuple[str, Any]]:
    """Names as MLflow takes them, and what is not None."""
    return [
        (re.sub(r"[^\w\-. /]", "_", name)[:250], x) for name, x in (values or {}).items() if x is not None
    ]


def _text(value: object) -> str:
    # names of folders may hold bytes that are no Unicode
    return str(value).encode(errors="replace").decode()[:LONGEST]


def _now() -> int:
    """Milliseconds, as MLflow counts."""
    return int(1000 * time.time())
