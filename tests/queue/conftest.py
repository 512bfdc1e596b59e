"""A database for each test: an SQLite file, and a private PostgreSQL where a server is installed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
PASSWORD = "gehe1m"


@pytest.fixture(scope="session")
def crew() -> ModuleType:
    """Workers in threads."""
    spec = importlib.util.spec_from_file_location("queue_crew", Path(__file__).with_name("crew.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["queue_crew"] = module
    spec.loader.exec_module(module)
    return module


def programs() -> Path | None:
    """Where PostgreSQL's server is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    there = shutil.which("initdb")
    return found[-1].parent if found else Path(there).parent if there else None


def as_user(*command: str | Path) -> None:
    """Run it as somebody else than root, whom the server refuses."""
    words = [str(each) for each in command]
    if ROOT:
        words = ["runuser", "-u", "postgres", "--", *words]
    done = subprocess.run(words, cwd="/tmp", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server of one's own, without the database's name."""
    bin_ = programs()
    if bin_ is None or (ROOT and shutil.which("runuser") is None):
        pytest.skip("no PostgreSQL server is installed: apt-get install postgresql")
    pytest.importorskip("psycopg", reason="pip install 'autotl[postgres]'")
    folder = Path(tempfile.mkdtemp(prefix="autotl-pg-"))
    (folder / "password").write_text(PASSWORD)
    if ROOT:
        for each in (folder, folder / "password"):
            shutil.chown(each, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = folder / "data"
    as_user(
        bin_ / "initdb", "-D", data, "-U", "me", "-A", "md5", "--pwfile", folder / "password", "-E", "UTF8"
    )
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    as_user(bin_ / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
    try:
        yield f"postgresql://me:{PASSWORD}@127.0.0.1:{port}"
    finally:
        as_user(bin_ / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres(server: str, request: pytest.FixtureRequest) -> str:
    """The URL of an empty database."""
    import psycopg

    name = f"t{abs(hash(request.node.nodeid)):x}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return f"{server}/{name}"


@pytest.fixture(params=["sqlite", "postgres"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres"))
    return f"sqlite:///{tmp_path / 'queue.db'}"
