"""Write a search to MLflow: a run for the search, with a child run for each trial."""

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

from autotl_mlflow import store

EXPERIMENT = "autotl"
"""Name of the experiment, if MLflow's variables name none."""

MAX_LENGTH = 5000
"""The largest number of characters that every store accepts."""

NUMBER = "autotl.trial"
WINNER = "autotl.winner."
"""Prefix of tags with the settings of the winner."""
PARENT = "mlflow.parentRunId"
PAGE = 1000
"""Number of runs per request."""
BATCH = 90
"""Number of parameters and of tags that every store accepts in one request."""


@dataclass(slots=True)
class Search:
    """The runs of a search.

    Attributes:
        client: The client of the store.
        experiment: Id of the experiment.
        id: Run id of the search.
        step: Number of trial results so far, the last step of the search.
        trials: Run ids of the trials, by number.
        folds: Folds of each trial at its last result, by number.
        finished: Whether the results were written.
    """

    client: MlflowClient
    experiment: str
    id: str
    step: int = 0
    trials: dict[int, str] = field(default_factory=dict)
    folds: dict[int, int] = field(default_factory=dict)
    finished: bool = False

    @classmethod
    def start(cls, folder: Path, *, name: str, params: Mapping[str, Any], tags: Mapping[str, Any]) -> Search:
        """Continue the saved run of the folder if the store has it, or create a run.

        Args:
            folder: The run folder.
            name: Name of a new run.
            params: Parameters of a new run.
            tags: Tags.
        """
        client, own = store.open_store(folder)
        found = _find_run(client, store.saved_run(folder))
        if found and own and not store.is_inside(found.info.artifact_uri, folder):
            found = None  # the folder was moved, but the run's artifacts would go to the old folder
        if found:
            search = cls(client, found.info.experiment_id, found.info.run_id)
            client.update_run(search.id, status="RUNNING")
            search._load_trials()
            for stale in (tag for tag in found.data.tags if tag.startswith(WINNER)):
                client.delete_tag(search.id, stale)
        else:
            experiment, parent = _experiment(client, folder if own else None)
            run = client.create_run(experiment, tags=_parent_tags(parent), run_name=_text(name))
            search = cls(client, experiment, run.info.run_id)
            store.save_run(folder, search.id, own=own)
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
        """Write a result of a trial.

        Args:
            known: Skip it if the store already has this step.
            number: Number of the trial.
            name: Name of its run.
            params: Parameters.
            metrics: Metrics; None values are skipped.
            tags: Tags.
            step: Number of folds.
            status: MLflow status of the run.
        """
        if known and self.folds.get(number, -1) >= step:
            return
        if number not in self.trials:
            started = _now() - int(1000 * (metrics["seconds"] or 0))
            trial_tags = {**_parent_tags(self.id), NUMBER: str(number)}
            run = self.client.create_run(self.experiment, started, trial_tags, _text(name))
            self.trials[number] = run.info.run_id
        self._log(self.trials[number], params=params, metrics=metrics, tags=tags, step=step)
        self.client.set_terminated(self.trials[number], status)
        self.step, self.folds[number] = self.step + 1, step
        self._log(self.id, metrics=metrics, step=self.step)

    def finish(
        self,
        *,
        params: Mapping[str, Any],
        metrics: Mapping[str, float | None],
        tags: Mapping[str, Any],
        files: Sequence[str],
    ) -> None:
        """Write the results of the search, and upload files and folders.

        Args:
            params: Parameters.
            metrics: Metrics; None values are skipped.
            tags: Tags.
            files: Paths of files and folders.
        """
        self._log(self.id, params=params, metrics=metrics, tags=tags, step=self.step)
        self.finished = True
        try:
            for each in map(Path, files):
                if each.is_dir():
                    self.client.log_artifacts(self.id, str(each), each.name)
                else:
                    self.client.log_artifact(self.id, str(each))
        finally:  # the upload can fail independently, for example if a package is missing
            self.client.set_terminated(self.id, "FINISHED")

    def close(self) -> None:
        """End the run as KILLED if it is not finished."""
        if not self.finished:
            self.client.set_terminated(self.id, "KILLED")

    def _load_trials(self) -> None:
        """Read the trials that the store has."""
        token = None
        while token != "":
            page = self.client.search_runs(
                [self.experiment], f"tags.`{PARENT}` = '{self.id}'", max_results=PAGE, page_token=token
            )
            for run in page:
                if NUMBER in run.data.tags and run.info.status != "RUNNING":
                    number = int(run.data.tags[NUMBER])
                    self.folds[number] = int(run.data.metrics.get("folds", -1))
                if NUMBER in run.data.tags:
                    self.trials[int(run.data.tags[NUMBER])] = run.info.run_id
            token = page.token or ""
        steps = [each.step for each in self.client.get_metric_history(self.id, "seconds")]
        self.step = max(steps, default=0)

    def _log(
        self,
        run: str,
        *,
        params: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float | None] | None = None,
        tags: Mapping[str, Any] | None = None,
        step: int = 0,
    ) -> None:
        """Write parameters, metrics and tags, except None values."""
        now, texts = _now(), [Param(name, _text(x)) for name, x in _entries(params)]
        labels = [RunTag(name, _text(x)) for name, x in _entries(tags)]
        numbers = [Metric(name, float(x), now, step) for name, x in _entries(metrics)]
        while texts or labels or numbers:
            self.client.log_batch(run, numbers, texts[:BATCH], labels[:BATCH])
            numbers, texts, labels = [], texts[BATCH:], labels[BATCH:]


def _find_run(client: MlflowClient, run: str | None) -> Run | None:
    """Return the run, or None if it was deleted or is in another store."""
    if run is None:
        return None
    try:
        found = client.get_run(run)
    except MlflowException as error:
        if error.error_code == "RESOURCE_DOES_NOT_EXIST":
            return None
        raise
    return found if found.info.lifecycle_stage == "active" else None


def _experiment(client: MlflowClient, folder: Path | None) -> tuple[str, str | None]:
    """Return the ids of the experiment and the parent run; ``folder`` if the store is in the run folder."""
    if not folder and (parent := os.environ.get("MLFLOW_RUN_ID")):
        return str(client.get_run(parent).info.experiment_id), parent
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME")
    if not name and not folder and (known := os.environ.get("MLFLOW_EXPERIMENT_ID")):
        return known, None
    name, found = name or EXPERIMENT, None
    location = store.artifact_uri(folder) if folder else None
    for _ in range(2):
        if found := client.get_experiment_by_name(name):
            if found.lifecycle_stage != "active":
                raise ValueError(
                    f"The experiment {name!r} was deleted. Restore it, or set MLFLOW_EXPERIMENT_NAME to "
                    "another."
                )
            if not folder or store.is_inside(found.artifact_location, folder):
                return str(found.experiment_id), None
            client.rename_experiment(found.experiment_id, f"{name}, before the run was moved {_now()}")
        try:
            return str(client.create_experiment(name, artifact_location=location)), None
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":  # another search has just created it
                raise
    raise RuntimeError(f"The experiment {name!r} can be neither found nor created.")


def _parent_tags(run: str | None) -> dict[str, str]:
    return {"mlflow.source.name": "autotl", **({PARENT: run} if run else {})}


def _entries(values: Mapping[str, Any] | None) -> list[tuple[str, Any]]:
    """Return values that are not None, with names that MLflow accepts."""
    return [
        (re.sub(r"[^\w\-. /]", "_", name)[:250], x) for name, x in (values or {}).items() if x is not None
    ]


def _text(value: object) -> str:
    # names of folders can contain bytes that are not Unicode
    return str(value).encode(errors="replace").decode()[:MAX_LENGTH]


def _now() -> int:
    """Return the time in milliseconds, as in MLflow."""
    return int(1000 * time.time())
