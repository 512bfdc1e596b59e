"""Store experience rows in a SQLite file on this machine."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import astuple, fields
from pathlib import Path
from typing import Any

import platformdirs

from autotl.experience.row import Row
from autotl.jsonio import plain

VERSION = 2
"""Version of the table's format. Version 1 has no column ``kind``: all its rows are of single labels."""
ADD_KIND = "ALTER TABLE arms ADD COLUMN kind TEXT NOT NULL DEFAULT 'single_label'"
BUSY_TIMEOUT_MS = 10_000
"""Milliseconds to wait while another process writes."""
VARIABLE = "AUTOTL_EXPERIENCE"
"""The environment variable that names the file, or switches it off."""

_TYPES = {
    "str": "TEXT NOT NULL",
    "int": "INTEGER NOT NULL",
    "float": "REAL NOT NULL",
    "bool": "INTEGER NOT NULL",
    "float | None": "REAL",
}
_NAMES = tuple(field.name for field in fields(Row))
_COLUMNS = ", ".join(f"{field.name} {_TYPES[str(field.type)]}" for field in fields(Row))
_PLACEHOLDERS = ", ".join("?" * len(_NAMES))


class _Unusable(Exception):
    """Raised if the file is no experience table, or was written by a newer version of autotl."""


class Experience:
    """The experience table in a SQLite file.

    The file is created when the first run is added.

    Several processes may read and write it at the same time. No method raises because of the file. If the
    file is unusable, there are no rows, nothing is added, and ``problem`` contains the reason.

    >>> Experience(Path("no such folder") / "experience.sqlite3").rows()
    []

    Args:
        path: The file.

    Attributes:
        path: The file.
        problem: The failure of the last call, in a sentence; empty if it succeeded.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problem = ""

    def rows(self) -> list[Row]:
        """Return all rows in the order they were added.

        The list is empty if the file is absent or unusable.
        """
        self.problem = ""
        if not self.path.exists():
            return []
        try:
            with self._open() as connection:
                found = connection.execute(f"SELECT {', '.join(_NAMES)} FROM arms ORDER BY rowid").fetchall()
        except (sqlite3.Error, OSError, _Unusable) as error:
            self.problem = self._message("read", error)
            return []
        return [_row(values) for values in found]

    def add(self, rows: Sequence[Row]) -> bool:
        """Add rows, each run in one transaction, and return whether it succeeded.

        A run that is already in the table is not changed.
        """
        self.problem = ""
        runs: dict[str, list[Row]] = {}
        for row in rows:
            runs.setdefault(row.run, []).append(row)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._open() as connection:
                for run, run_rows in runs.items():
                    with _transaction(connection):
                        known = connection.execute("SELECT 1 FROM arms WHERE run = ? LIMIT 1", (run,))
                        if known.fetchone() is None:
                            values = [plain(astuple(row)) for row in run_rows]
                            connection.executemany(f"INSERT INTO arms VALUES ({_PLACEHOLDERS})", values)
        except (sqlite3.Error, OSError, _Unusable) as error:
            self.problem = self._message("write", error)
            return False
        return True

    def delete(self) -> bool:
        """Delete the file in any state, and return whether it succeeded."""
        self.problem = ""
        try:
            for suffix in ("", "-journal"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        except OSError as error:
            self.problem = self._message("delete", error)
            return False
        return True

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path, timeout=BUSY_TIMEOUT_MS / 1000, isolation_level=None)
        with closing(connection):
            connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            if _version(connection) == 0:
                with _transaction(connection):
                    if _version(connection) == 0:  # another process may have created it meanwhile
                        _create_table(connection)
            if _version(connection) == 1:
                with _transaction(connection):
                    if _version(connection) == 1:  # another process may have changed it meanwhile
                        connection.execute(ADD_KIND)
                        connection.execute(f"PRAGMA user_version = {VERSION}")
            version = _version(connection)
            if version != VERSION:
                raise _Unusable(f"it has format {version}, and this version of autotl reads format {VERSION}")
            yield connection

    def _message(self, action: str, error: Exception) -> str:
        return f"Cannot {action} the experience of past runs in {self.path}: {error}."


def default_path() -> Path | None:
    """Return the file of this machine's experience.

    It is None if experience is switched off. The file is named by ``AUTOTL_EXPERIENCE``, or else lies in the
    user's data folder. The value "off" switches experience off.
    """
    given = os.environ.get(VARIABLE, "").strip()
    if given.lower() == "off":
        return None
    if given:
        return Path(given).expanduser()
    return platformdirs.user_data_path("autotl") / "experience.sqlite3"


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _create_table(connection: sqlite3.Connection) -> None:
    if connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        raise _Unusable("it is a database with other tables")
    connection.execute(f"CREATE TABLE arms ({_COLUMNS})")
    connection.execute("CREATE INDEX arms_of_run ON arms (run)")
    connection.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Run the block in one transaction.

    If the process is killed in the block, the next process that opens the file rolls it back.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.execute("COMMIT")


def _row(values: tuple[object, ...]) -> Row:
    named: dict[str, Any] = dict(zip(_NAMES, values, strict=True))
    return Row(**{**named, "pretrained": bool(named["pretrained"])})
