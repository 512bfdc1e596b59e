"""Write runs with MLflow's client, as a guest in someone's process: no active run, no calls home."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MANNERS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # a search waits meanwhile: MLflow's own patience with a server that is gone is four minutes a call
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
}
"""Environment variables as they are while MLflow is called, unless they are set."""

EXPERIMENT = "autotl"
"""Where runs go unless MLflow's own variables say."""

LONGEST = 5000
"""Characters of a text that every store takes."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of MLflow, in the store that was meant when it began."""

    store: str
    experiment: str
    id: str

    def log(
        self,
        *,
        params: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float | None] | None = None,
        tags: Mapping[str, Any] | None = None,
        step: int = 0,
    ) -> None:
        """Write all of it in one call; what is None is left out."""
        with _mlflow() as mlflow:
            entities, now = mlflow.entities, _now()
            mlflow.MlflowClient(self.store).log_batch(
                self.id,
                params=[entities.Param(name, _text(x)) for name, x in _given(params)],
                metrics=[entities.Metric(name, float(x), now, step) for name, x in _given(metrics)],
                tags=[entities.RunTag(name, _text(x)) for name, x in _given(tags)],
            )

    def keep(self, file: Path) -> None:
        """Copy a file among the run's artifacts."""
        with _mlflow() as mlflow:
            mlflow.MlflowClient(self.store).log_artifact(self.id, str(file))

    def end(self, status: str) -> None:
        """End it as FINISHED, FAILED or KILLED. It may be written to, and ended, again."""
        with _mlflow() as mlflow:
            mlflow.MlflowClient(self.store).set_terminated(self.id, status)

    def child(self, name: str, *, seconds: float) -> Run:
        """A run below this one that began ``seconds`` ago."""
        with _mlflow() as mlflow:
            return _create(mlflow, self.store, self.experiment, name, parent=self.id, seconds=seconds)


def start(name: str) -> Run:
    """A new run: below the one that the caller has active, else in the experiment that the variables name."""
    with _mlflow() as mlflow:
        store = mlflow.get_tracking_uri()
        if active := mlflow.active_run():
            return _create(mlflow, store, active.info.experiment_id, name, parent=active.info.run_id)
        return _create(mlflow, store, _experiment(mlflow, store), name)


def _create(
    mlflow: Any, store: str, experiment: str, name: str, *, parent: str | None = None, seconds: float = 0.0
) -> Run:
    tags = {"mlflow.source.name": "autotl", **({"mlflow.parentRunId": parent} if parent else {})}
    begun = _now() - int(1000 * seconds)
    made = mlflow.MlflowClient(store).create_run(
        experiment, start_time=begun, tags=tags, run_name=_text(name)
    )
    return Run(store, experiment, made.info.run_id)


def _experiment(mlflow: Any, store: str) -> str:
    """The id of the experiment, made where it is missing."""
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME")
    if not name and (known := os.environ.get("MLFLOW_EXPERIMENT_ID")):
        return known
    client, name = mlflow.MlflowClient(store), name or EXPERIMENT
    if found := client.get_experiment_by_name(name):
        return str(found.experiment_id)
    try:
        return str(client.create_experiment(name))
    except mlflow.exceptions.MlflowException:
        # another search may have made it just now
        if found := client.get_experiment_by_name(name):
            return str(found.experiment_id)
        raise


@contextmanager
def _mlflow() -> Iterator[Any]:
    """MLflow, on its best behaviour while it is used; the environment is then as it was."""
    set_here = {name: value for name, value in MANNERS.items() if name not in os.environ}
    os.environ.update(set_here)
    try:
        # its warnings are about its own dependencies: nobody who runs a search can act on them
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # loaded by those who search, not by those who list plugins
            import mlflow

            yield mlflow
    finally:
        for name in set_here:
            os.environ.pop(name, None)


def _given(values: Mapping[str, Any] | None) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in (values or {}).items() if value is not None]


def _text(value: object) -> str:
    # names of folders may hold bytes that are no Unicode
    return str(value).encode(errors="replace").decode()[:LONGEST]


def _now() -> int:
    """Milliseconds, as MLflow counts."""
    return int(1000 * time.time())
