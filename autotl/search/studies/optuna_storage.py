"""Store Optuna studies in an SQLite file or a shared database.

A damaged file is renamed, and a new one is made from the journal, which has all trials.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import optuna
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from autotl.database import check_reachable, engine_options, parse_url, raising_storage_error
from autotl.errors import AutotlError, StorageError, described
from autotl.files import is_full

T = TypeVar("T")
BESIDE = ("-journal", "-wal", "-shm")
"""The suffixes of SQLite's auxiliary files, which would damage another database file."""


def with_storage(
    use: Callable[[optuna.storages.BaseStorage], T], path: Path, url: str | None = None, name: str = ""
) -> tuple[T, optuna.storages.BaseStorage, tuple[str, ...]]:
    """Open the storage as :func:`open_storage` does, and call ``use`` with it.

    Args:
        use: Opens the studies in the storage, and completes them from the journal.
        path: The SQLite file. A damaged file is renamed, and a new one is used.
        url: The database to use instead of a file.
        name: The name of the run in that database.

    Returns:
        The result of ``use``, the storage, and a sentence on the damaged file, if there was one.

    Raises:
        StorageError: The database cannot be used.
    """
    if url is not None:
        return *_used(use, None, url, name), ()
    try:
        _check_sound(path)
        return *_used(use, path), ()
    except Exception as error:  # SQLite, SQLAlchemy and Optuna raise many kinds of errors for a damaged file
        if is_full(error) or isinstance(error, AutotlError) or not _is_there(path):
            raise
        if "database is locked" in str(error):
            raise StorageError(
                f"{path} is in use by another program. Close it, then resume the run."
            ) from error
        why = described(error)
    kept = _renamed(path)
    try:
        found = _used(use, path)
    except BaseException:  # the file was not the cause
        for end in ("", *BESIDE):
            path.with_name(path.name + end).unlink(missing_ok=True)
            if _is_there(beside := kept.with_name(kept.name + end)):
                beside.replace(path.with_name(path.name + end))
        raise
    return *found, (f"{path.name} was damaged ({why}). It is kept as {kept.name}, and a new file was made.",)


def _used(
    use: Callable[[optuna.storages.BaseStorage], T],
    path: Path | None,
    url: str | None = None,
    name: str | None = None,
) -> tuple[T, optuna.storages.BaseStorage]:
    storage = open_storage(path, url, name)
    try:
        return use(storage), storage
    except BaseException:
        close_storage(storage)
        raise


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _check_sound(path: Path) -> None:
    """Raise SQLite's error if an existing file is no readable database."""
    if not _is_there(path):
        return
    if path.is_symlink() or not path.is_file():
        raise sqlite3.DatabaseError("it is not a regular file")
    connection = _connect(path)
    try:
        found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(1)")]
    finally:
        connection.close()
    if found != ["ok"]:
        raise sqlite3.DatabaseError("; ".join(found))


def _renamed(path: Path) -> Path:
    """Rename the file and its auxiliary files, and return the new path."""
    names = (path.with_name(f"{path.stem}.damaged{number or ''}{path.suffix}") for number in count())
    free = next(name for name in names if not _is_there(name))
    for end in ("", *BESIDE):
        beside = path.with_name(path.name + end)
        if _is_there(beside):
            beside.rename(free.with_name(free.name + end))
    return free


def open_storage(
    path: Path | None, url: str | None = None, name: str | None = None
) -> optuna.storages.BaseStorage:
    """Open a storage, which optuna-dashboard can open as well.

    Args:
        path: The SQLite file; a study has the name of its arm. None, without ``url``, is a storage in memory.
        url: The database to use instead; a study is called ``name/arm``.
        name: The name of the run in that database.

    Raises:
        StorageError: The database cannot be used.
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
    """Connect without waiting for the disk.

    The journal waits, and has all trials.
    """
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def _shared(url: str, name: str) -> optuna.storages.BaseStorage:
    check_reachable(url)  # Optuna's errors give no advice
    found = parse_url(url)
    whole = found.render_as_string(hide_password=False)
    # no pool: Optuna never closes connections, not even after an error
    settings = engine_options(found) | {"poolclass": NullPool}
    with raising_storage_error(found):
        try:
            storage = _OfOneRun(name, whole, settings)
        except SQLAlchemyError:  # another run may just have made the tables
            storage = _OfOneRun(name, whole, settings)
    return storage


def close_storage(storage: optuna.storages.BaseStorage) -> None:
    """Close the connections, which Optuna itself never does."""
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
