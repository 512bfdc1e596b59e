"""Check database URLs, and report connection errors without the password."""

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
"""SQLAlchemy's driver names with their modules, for each kind of database; the first is the default."""
_INSTALL = {"postgresql": "pip install 'autotl[postgres]'", "mysql": "pip install 'autotl[mysql]'"}
SQLITE_LOCK_SECONDS = 60
"""Seconds that a transaction waits for the lock of a SQLite file."""
CONNECT_SECONDS = 10
"""Seconds that a connection to a server may take."""


def parse_url(storage: str) -> URL:
    """Parse a database URL, and select an installed driver.

    Raises:
        StorageError: If the URL is invalid or no driver is installed.
    """
    try:
        url = make_url(re.sub(r"^postgres(?=[:+])", "postgresql", storage))
    except (ArgumentError, ValueError) as error:  # its message would repeat the password
        raise StorageError(f"The storage is not a database URL. Write it like {EXAMPLE}.") from error
    drivers = _DRIVERS.get(url.drivername, ())
    installed = [driver for driver, module in drivers if find_spec(module) is not None]
    return url.set(drivername=f"{url.drivername}+{installed[0]}") if installed else url


def engine_options(url: URL) -> dict[str, Any]:
    """Return the arguments of SQLAlchemy's ``create_engine`` for this kind of database."""
    if url.get_backend_name() == "sqlite":
        return {"connect_args": {"timeout": SQLITE_LOCK_SECONDS}, "poolclass": NullPool}
    return {"connect_args": {"connect_timeout": CONNECT_SECONDS}, "pool_pre_ping": True}


def check_reachable(storage: str) -> None:
    """Connect to the database once. Raises StorageError with advice."""
    url = parse_url(storage)
    with raising_storage_error(url):
        engine = create_engine(url, **engine_options(url))
        try:
            with engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        finally:
            engine.dispose()


@contextmanager
def raising_storage_error(url: URL) -> Iterator[None]:
    """Raise StorageError for errors of SQLAlchemy and its drivers in the block."""
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
        reason = _without_password(" ".join(str(getattr(error, "orig", None) or error).split()), url)
        advice = "Check the user, password and database, and that the server runs and is reachable from here."
        if re.search(r"denied|privilege|readonly|read-only|not authori", reason, re.IGNORECASE):
            advice = "The user must be allowed to connect, to create tables, and to read and write them."
        elif kind == "sqlite":
            advice = "The folder must exist and be writable."
        # without a cause: the error of a driver may contain the whole URL
        raise StorageError(f"The database {shown} cannot be used: {reason}. {advice}") from None


def _without_password(reason: str, url: URL) -> str:
    return masked(reason.replace(str(url.password), HIDDEN) if url.password else reason)
