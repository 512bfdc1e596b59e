"""Check that a database can be used, by its URL, and say what is wrong without telling its password."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from sqlalchemy import create_engine, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from autotl.errors import StorageError
from autotl.masking import HIDDEN, masked

EXAMPLE = "postgresql://user:password@host/database, mysql+pymysql://… or sqlite:////folder/file.db"
_DRIVERS = {
    "postgresql": (("psycopg2", "psycopg2"), ("psycopg", "psycopg")),
    "mysql": (("mysqldb", "MySQLdb"), ("pymysql", "pymysql")),
}
"""Of each kind of database, SQLAlchemy's names of its drivers and their modules; the first is its default."""
_INSTALL = {"postgresql": "pip install 'autotl[postgres]'", "mysql": "pip install 'autotl[mysql]'"}
WAIT = 60
"""Seconds that a transaction waits for the file of SQLite, which one process writes at a time."""
CONNECT_SECONDS = 10


def url_of(storage: str) -> URL:
    """The URL, with a driver that is installed. Raises StorageError."""
    try:
        url = make_url(re.sub(r"^postgres(?=[:+])", "postgresql", storage))
    except (ArgumentError, ValueError) as error:  # their words repeat what was given
        raise StorageError(f"The storage is not a database URL. Write it like {EXAMPLE}.") from error
    drivers = _DRIVERS.get(url.drivername, ())
    there = [driver for driver, module in drivers if find_spec(module) is not None]
    return url.set(drivername=f"{url.drivername}+{there[0]}") if there else url


def settings_of(url: URL) -> dict[str, Any]:
    """What SQLAlchemy's ``create_engine`` is given with it."""
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": WAIT}, "poolclass": NullPool}
    return {"connect_args": {"connect_timeout": CONNECT_SECONDS}, "pool_pre_ping": True}


def check_reachable(storage: str) -> None:
    """Connect to the database once. Raises StorageError that says what to do."""
    url = url_of(storage)
    with told_of(url):
        engine = create_engine(url, **settings_of(url))
        try:
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        finally:
            engine.dispose()


@contextmanager
def told_of(url: URL) -> Iterator[None]:
    """Turn what SQLAlchemy and its drivers raise into StorageError."""
    shown, kind = masked(url.render_as_string(hide_password=True)), url.get_backend_name()
    try:
        yield
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        missing = getattr(error, "name", None) or url.drivername
        install = _INSTALL.get(kind, f"install a driver of SQLAlchemy for {kind}")
        raise StorageError(
            f"{shown} needs the package {missing}, which is not installed: {install}."
        ) from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        why = _scrubbed(" ".join(str(getattr(error, "orig", None) or error).split()), url)
        what = "cannot be used"
        advice = (
            "Check that the server runs and can be reached from here, and the user, password and database."
        )
        if re.search(r"denied|privilege|readonly|read-only|not authori", why, re.IGNORECASE):
            advice = "The user must be allowed to connect, to create tables, and to read and write them."
        elif kind == "sqlite":
            advice = "The folder must exist and be writable."
        # without its cause: what a driver raises may hold the whole URL
        raise StorageError(f"The database {shown} {what}: {why}. {advice}") from None


def _scrubbed(why: str, url: URL) -> str:
    return masked(why.replace(str(url.password), HIDDEN) if url.password else why)
