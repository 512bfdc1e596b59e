"""Where a run's Optuna studies are kept: a file of its own, or a database that several runs share."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import optuna
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from autotl.database import connected, settings_of, told_of, url_of


def open_storage(
    path: Path | None, url: str | None = None, name: str | None = None
) -> optuna.storages.BaseStorage:
    """The database at ``url``, where the study of an arm is called ``name/arm``; without one the SQLite file
    ``path``, where it is called as the arm; in memory without either. optuna-dashboard can open both. Raises
    StorageError.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    if url is not None:
        return _shared(url, name or "")
    if path is None:
        return optuna.storages.InMemoryStorage()
    path.parent.mkdir(parents=True, exist_ok=True)
    # connected by path, not by URL: a folder may be called "50% done?"
    return optuna.storages.RDBStorage(
        "sqlite://", engine_kwargs={"creator": partial(_connect, path), "poolclass": NullPool}
    )


def _connect(path: Path) -> sqlite3.Connection:
    """Without waiting for the disk: the journal does, and a study that is lost costs no trial."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def _shared(url: str, name: str) -> optuna.storages.BaseStorage:
    connected(url).dispose()  # Optuna's own words would not say what to do
    found = url_of(url)
    whole = found.render_as_string(hide_password=False)
    # no pool: Optuna keeps what it has opened, also where it gives up on the way
    settings = settings_of(found) | {"poolclass": NullPool}
    with told_of(found):
        try:
            storage = _OfOneRun(name, whole, settings)
        except SQLAlchemyError:  # another run has just made the tables; or it raises again
            storage = _OfOneRun(name, whole, settings)
    return storage


def close_storage(storage: optuna.storages.BaseStorage) -> None:
    """Give its connections back: Optuna itself never does."""
    if isinstance(storage, optuna.storages.RDBStorage):
        storage.remove_session()
        storage.engine.dispose()


class _OfOneRun(optuna.storages.RDBStorage):
    """A database in which each study has the run's name in front."""

    def __init__(self, run: str, url: str, engine_kwargs: dict[str, Any]) -> None:
        self._front = f"{run}/"
        super().__init__(url, engine_kwargs=engine_kwargs)

    def create_new_study(
        self, directions: Sequence[optuna.study.StudyDirection], study_name: str | None = None
    ) -> int:
        return super().create_new_study(directions, self._whole(study_name or ""))

    def get_study_id_from_name(self, study_name: str) -> int:
        return super().get_study_id_from_name(self._whole(study_name))

    def _whole(self, name: str) -> str:
        return name if name.startswith(self._front) else self._front + name
