"""A database is named by a URL whose password nobody sees, and errors say what to do."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from autotl.database import check_reachable, parse_url
from autotl.errors import StorageError
from autotl.masking import masked


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("postgresql://me:secret@host/runs", "postgresql://me:***@host/runs"),
        ("mysql+pymysql://me:a/b:c@host:3306/runs", "mysql+pymysql://me:***@host:3306/runs"),
        ("postgresql://host/runs?user=me&password=x%20y", "postgresql://host/runs?user=me&password=***"),
        ("--storage=postgresql://me:secret@host/runs", "--storage=postgresql://me:***@host/runs"),
        ("postgresql://me@host/runs", "postgresql://me@host/runs"),
        ("sqlite:////folder/file.db", "sqlite:////folder/file.db"),
    ],
)
def test_no_password_is_shown(given: str, shown: str) -> None:
    assert masked(given) == shown


def test_the_driver_is_one_that_is_installed() -> None:
    pytest.importorskip("psycopg")
    assert parse_url("postgresql+psycopg://h/d").drivername == "postgresql+psycopg"
    assert parse_url("postgres://h/d").drivername.startswith("postgresql+psycopg")


def test_what_is_no_url_is_not_repeated() -> None:
    with pytest.raises(StorageError, match="not a database URL") as raised:
        check_reachable("secret")
    assert "secret" not in str(raised.value)


def test_a_driver_that_is_missing_is_named() -> None:
    with pytest.raises(StorageError, match=r"postgresql\+asyncpgx://me:\*\*\*@h/d needs the package"):
        check_reachable("postgresql+asyncpgx://me:secret@h/d")


def test_a_server_that_is_not_there() -> None:
    pytest.importorskip("psycopg")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(StorageError, match="that the server runs") as raised:
        check_reachable(f"postgresql+psycopg://me:secret@127.0.0.1:{port}/d")
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="must exist and be writable"):
        check_reachable(f"sqlite:///{tmp_path / 'none' / 'file.db'}")


def test_a_file_in_a_folder_that_is_there(tmp_path: Path) -> None:
    check_reachable(f"sqlite:///{tmp_path / 'file.db'}")
