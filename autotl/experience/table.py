"""Keep rows of experience in a file on this machine: all rows of a run, or none."""

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

VERSION = 1
PATIENCE = 10_000  # milliseconds to wait for another process that is writing
PLACE = "AUTOTL_EXPERIENCE"

_TYPES = {
    "str": "TEXT NOT NULL",
    "int": "INTEGER NOT NULL",
    "float": "REAL NOT NULL",
    "bool": "INTEGER NOT NULL",
    "float | None": "REAL",
}
_NAMES = tuple(field.name for field in fields(Row))
_COLUMNS = ", ".join(f"{field.name} {_TYPES[str(field.type)]}" for field in fields(Row))
_MARKS = ", ".join("?" * len(_NAMES))


class _Unusable(Exception):
    """A file that is not a table of experience, or one that a newer autotl has written."""


class Experience:
    """The table of experience at ``path``, a SQLite file that is made when the first run is added.

    It may be read and written by several processes at once. Nothing it does ever raises for the state of the
    file: where it cannot be used there are no rows, nothing is added, and ``why`` says so in a sentence; it
    is "" after whatever went well.

    >>> Experience(Path("no such folder") / "experience.sqlite3").rows()
    []
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.why = ""

    def rows(self) -> list[Row]:
        """All rows, in the order in which they were added; none where the file is absent or unusable."""
        self.why = ""
        if not self.path.exists():
            return []
        try:
            with self._open() as connection:
                found = connection.execute(f"SELECT {', '.join(_NAMES)} FROM arms ORDER BY rowid").fetchall()
        except (sqlite3.Error, OSError, _Unusable) as error:
            self.why = self._told("read", error)
            return []
        return [_row(values) for values in found]

    def add(self, rows: Sequence[Row]) -> bool:
        """Add the rows of one run or of several, each run in one transaction; False where that failed.

        A run that is there already, by its ``run``, stays as it is.
        """
        self.why = ""
        runs: dict[str, list[Row]] = {}
        for row in rows:
            runs.setdefault(row.run, []).append(row)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._open() as connection:
                for run, own in runs.items():
                    with _writing(connection):
                        known = connection.execute("SELECT 1 FROM arms WHERE run = ? LIMIT 1", (run,))
                        if known.fetchone() is None:
                            values = [plain(astuple(row)) for row in own]
                            connection.executemany(f"INSERT INTO arms VALUES ({_MARKS})", values)
        except (sqlite3.Error, OSError, _Unusable) as error:
            self.why = self._told("write", error)
            return False
        return True

    def forget(self) -> bool:
        """Delete the file and all that it holds, whatever state it is in; False where that failed."""
        self.why = ""
        try:
            for suffix in ("", "-journal"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        except OSError as error:
            self.why = self._told("delete", error)
            return False
        return True

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self.path, timeout=PATIENCE / 1000, isolation_level=None)
        with closing(connection):
            connection.execute(f"PRAGMA busy_timeout = {PATIENCE}")
            if _version(connection) == 0:
                with _writing(connection):
                    if _version(connection) == 0:  # nobody else has made it meanwhile
                        _make(connection)
            version = _version(connection)
            if version != VERSION:
                raise _Unusable(f"it has format {version}, and this autotl knows {VERSION}")
            yield connection

    def _told(self, what: str, error: Exception) -> str:
        return f"Cannot {what} the experience of past runs in {self.path}: {error}."


def default_path() -> Path | None:
    """Where this machine's experience is kept: AUTOTL_EXPERIENCE if that is set, else the user's data folder.

    None where AUTOTL_EXPERIENCE is "off".
    """
    given = os.environ.get(PLACE, "").strip()
    if given.lower() == "off":
        return None
    if given:
        return Path(given).expanduser()
    return platformdirs.user_data_path("autotl") / "experience.sqlite3"


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _make(connection: sqlite3.Connection) -> None:
    if connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        raise _Unusable("it is a database of something else")
    connection.execute(f"CREATE TABLE arms ({_COLUMNS})")
    connection.execute("CREATE INDEX arms_of_run ON arms (run)")
    connection.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def _writing(connection: sqlite3.Connection) -> Iterator[None]:
    """One transaction: a process that is killed inside it leaves a journal, and the next one to open the file
    takes back what it had written.
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
