"""Check that passwords in database URLs stay hidden, and that errors name a solution."""

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


def test_the_driver_is_an_installed_one() -> None:
    pytest.importorskip("psycopg")
    assert parse_url("postgresql+psycopg://h/d").drivername == "postgresql+psycopg"
    assert parse_url("postgres://h/d").drivername.startswith("postgresql+psycopg")


def test_the_error_for_an_invalid_url_does_not_show_it() -> None:
    with pytest.raises(StorageError, match="not a database URL") as raised:
        check_reachable("secret")
    assert "secret" not in str(raised.value)


def test_the_error_for_a_missing_driver_names_it() -> None:
    with pytest.raises(StorageError, match=r"postgresql\+asyncpgx://me:\*\*\*@h/d needs the package"):
        check_reachable("postgresql+asyncpgx://me:secret@h/d")


def test_an_unreachable_server_is_an_error() -> None:
    pytest.importorskip("psycopg")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(StorageError, match="that the server runs") as raised:
        check_reachable(f"postgresql+psycopg://me:secret@127.0.0.1:{port}/d")
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="must exist and be writable"):
        check_reachable(f"sqlite:///{tmp_path / 'none' / 'file.db'}")


def test_a_file_in_an_existing_folder_is_created(tmp_path: Path) -> None:
    check_reachable(f"sqlite:///{tmp_path / 'file.db'}")
