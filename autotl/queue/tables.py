"""The tables of the queue, and transactions that outlast a moment without the database."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, Text, inspect, select
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, ProgrammingError

from autotl.database import connected, told_of
from autotl.errors import StorageError

T = TypeVar("T")
NAME = 150
"""Characters of a run's name, at most: MySQL's keys are short."""
PATIENCE = 60.0
"""Seconds for which a database that is gone is asked again."""

metadata = MetaData()
runs = Table(
    "autotl_runs",
    metadata,
    Column("name", String(NAME), primary_key=True),
    Column("path", Text, nullable=False),
    Column("incarnation", Integer, nullable=False),  # of its coordinator: grows when the run is resumed
    Column("state", String(16), nullable=False),  # open, ended
)
jobs = Table(
    "autotl_jobs",
    metadata,
    Column("run", String(NAME), primary_key=True),
    Column("incarnation", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("job", Text, nullable=False),
    Column("state", String(16), nullable=False),  # open, claimed, done, dead, full
    Column("claim", Integer, nullable=False),  # how often it was taken: fences off whoever took it before
    Column("died", Integer, nullable=False),
    Column("worker", String(NAME)),
    Column("beats", Integer, nullable=False),
    Column("heard", Integer, nullable=False),  # the last thing said that the coordinator has answered
    Column("answer", String(16)),
    Column("outcome", Text),
)
said = Table(
    "autotl_said",
    metadata,
    Column("run", String(NAME), primary_key=True),
    Column("incarnation", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("claim", Integer, primary_key=True, autoincrement=False),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("said", Text, nullable=False),
)
workers = Table(
    "autotl_workers",
    metadata,
    Column("run", String(NAME), primary_key=True),
    Column("name", String(NAME), primary_key=True),
    Column("beats", Integer, nullable=False),
)


class Database:
    """Transactions on the queue's tables. Raises StorageError."""

    def __init__(self, storage: str | Path, *, patience: float = PATIENCE) -> None:
        self._engine, self._patience = connected(storage), patience

    def create(self) -> None:
        """Make the tables that are not there."""
        with told_of(self._engine.url):
            for _ in metadata.tables:
                # another run may be making them too, and be first with any of them
                with suppress(IntegrityError, OperationalError, ProgrammingError):
                    metadata.create_all(self._engine)
                    return
            metadata.create_all(self._engine)  # nobody is left to be first: it raises again, or has done it

    def is_ready(self) -> bool:
        """Whether the tables are there."""
        with told_of(self._engine.url):
            return inspect(self._engine).has_table(workers.name)

    def do(self, act: Callable[[Connection], T]) -> T:
        """What ``act`` gives in one transaction, which is tried again where the connection is lost or another
        transaction is in the way: it must bear being done twice.
        """
        until = time.monotonic() + self._patience
        pause = 0.05
        while True:
            try:
                with self._engine.begin() as connection:
                    return act(connection)
            except DBAPIError as error:
                lost = isinstance(error, OperationalError) or error.connection_invalidated
                if not lost or time.monotonic() > until:
                    with told_of(self._engine.url):
                        raise
            time.sleep(pause)
            pause = min(2.0, 2 * pause)

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


@dataclass(frozen=True, slots=True)
class Listed:
    """A run as its coordinator has entered it."""

    name: str
    path: Path
    incarnation: int
    ended: bool


def listed(database: Database, run: str) -> Listed | None:
    """The run of this name, if its coordinator has begun."""
    found = database.do(lambda c: c.execute(select(runs).where(runs.c.name == run)).one_or_none())
    if found is None:
        return None
    return Listed(found.name, Path(found.path), found.incarnation, found.state == "ended")


def replaced(name: str) -> StorageError:
    """What is said where another coordinator has taken the run over."""
    return StorageError(
        f"Another process leads the run {name} now: this one has ended its search. If both work in one "
        "folder, its file system does not keep locks between machines."
    )
