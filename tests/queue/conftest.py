"""A database for each test: an SQLite file, and private servers of PostgreSQL and MariaDB where installed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
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


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


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
    port = free_port()
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


@pytest.fixture(scope="session")
def mariadb() -> Iterator[str]:
    """The URL of a MariaDB server of one's own, without the database's name."""
    make, serve = (
        shutil.which("mariadb-install-db"),
        shutil.which("mariadbd", path=f"{os.environ['PATH']}:/usr/sbin"),
    )
    if make is None or serve is None:
        pytest.skip("no MariaDB server is installed: apt-get install mariadb-server")
    pytest.importorskip("pymysql", reason="pip install pymysql")
    folder = Path(tempfile.mkdtemp(prefix="autotl-my-"))
    user = ["--user=root"] if ROOT else []
    common = ["--no-defaults", f"--datadir={folder / 'data'}", *user]
    subprocess.run(
        [make, *common, "--auth-root-authentication-method=normal"], check=True, capture_output=True
    )
    at, port = folder / "socket", free_port()
    words = [serve, *common, f"--socket={at}", f"--port={port}", "--bind-address=127.0.0.1"]
    with (folder / "log").open("wb") as log, subprocess.Popen(words, stdout=log, stderr=log) as process:
        try:
            me = f"me@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'"
            once_it_serves(at, f"CREATE USER {me}; GRANT ALL ON *.* TO {me}")
            yield f"mysql+pymysql://me:{PASSWORD}@127.0.0.1:{port}"
        finally:
            process.kill()
            shutil.rmtree(folder, ignore_errors=True)


def once_it_serves(at: Path, statements: str) -> None:
    """Let the administrator of a MariaDB server that is starting say something to it."""
    words = ["mariadb", "--no-defaults", f"--socket={at}", "--user=root", f"--execute={statements}"]
    until = time.monotonic() + 30
    while (done := subprocess.run(words, capture_output=True, check=False)).returncode:
        assert time.monotonic() < until, done.stderr
        time.sleep(0.1)


@pytest.fixture
def mysql(mariadb: str, request: pytest.FixtureRequest) -> str:
    """The URL of an empty database."""
    import sqlalchemy

    name = f"t{abs(hash(request.node.nodeid)):x}"
    engine = sqlalchemy.create_engine(mariadb)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return f"{mariadb}/{name}"


@pytest.fixture(params=["postgres", pytest.param("mysql", marks=pytest.mark.slow)])
def served(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database of each server."""
    return str(request.getfixturevalue(request.param))


@pytest.fixture(params=["sqlite", "postgres", pytest.param("mysql", marks=pytest.mark.slow)])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param != "sqlite":
        return str(request.getfixturevalue(request.param))
    return f"sqlite:///{tmp_path / 'queue.db'}"
