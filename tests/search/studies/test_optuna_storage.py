"""A run's studies in a database: private PostgreSQL and MariaDB servers, if installed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from PIL import Image
from sqlalchemy.pool import NullPool

import autotl
from autotl.api import Arm
from autotl.errors import RunError, StorageError
from autotl.results import read_run_file
from autotl.terminal import Silence
from autotl.testing import tiny_images

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
PASSWORD = "gehe1m"
QUICK = {"backbone": "tiny", "image_size": 32, "strategies": "linear_probe", "watch": Silence()}
ARM = Arm("linear_probe", "tiny")


def programs() -> Path | None:
    """Return the folder of PostgreSQL's server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    there = shutil.which("initdb")
    return found[-1].parent if found else Path(there).parent if there else None


def as_user(*command: str | Path) -> None:
    """Run the server as another user than root, which it refuses."""
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
    """The URL of a private PostgreSQL server, without the database's name."""
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
    """The URL of a private MariaDB server, without the database's name."""
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
    """Send a statement to a starting MariaDB server as its administrator."""
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


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "photos"
    for number, (image, name) in enumerate(zip(*tiny_images(classes=3, each=12), strict=True)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / name / f"{number}.png")
    return folder


def written(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in folder.rglob("*") if each.is_file())


def test_studies_are_in_the_database_and_its_password_is_nowhere(
    photos: Path, served: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    password = served.partition("me:")[2].partition("@")[0]
    monkeypatch.setattr(sys, "argv", ["autotl", "fit", "photos", "--storage", served])
    monkeypatch.delenv("AUTOTL_STORAGE", raising=False)
    out = tmp_path / "run"
    autotl.fit(photos, out=out, trials=2, storage=served, **QUICK)  # type: ignore[arg-type]
    autotl.fit(photos, out=tmp_path / "other" / "run", trials=1, storage=served, **QUICK)  # type: ignore[arg-type]
    assert password.encode() not in written(tmp_path)
    assert not (out / "study.db").exists()
    kept = read_run_file(out)
    assert kept.arguments["storage"] == served.replace(password, "***")
    assert served.replace(password, "***") in json.loads((out / "report.json").read_text())["command"]
    url = served.replace("postgresql:", "postgresql+psycopg:")
    storage = optuna.storages.RDBStorage(url, engine_kwargs={"poolclass": NullPool})
    names = optuna.get_all_study_names(storage)
    assert len(names) == 2  # two runs in folders of one name
    study = optuna.load_study(study_name=f"{kept.name}/{ARM}", storage=storage)
    assert len(study.trials) == 2
    with pytest.raises(RunError, match=r"passwords are not kept.*AUTOTL_STORAGE, which is not set"):
        autotl.fit(None, out=out, resume=True, trials=3, watch=Silence())
    with pytest.raises(RunError, match=r"storage must be '[\w+]+:.*\*\*\*") as raised:
        autotl.fit(None, out=out, resume=True, trials=3, storage=served + "x", watch=Silence())
    assert password not in str(raised.value)
    autotl.fit(None, out=out, resume=True, trials=3, storage=served, watch=Silence())
    monkeypatch.setenv("AUTOTL_STORAGE", served)
    assert len(autotl.fit(None, out=out, resume=True, trials=4, watch=Silence()).trials()) == 4
    numbers = [
        each.user_attrs["params"]
        for each in optuna.load_study(study_name=f"{kept.name}/{ARM}", storage=storage).trials
    ]
    assert len({json.dumps(each, sort_keys=True) for each in numbers}) == 4  # some may be suggested twice
    assert password.encode() not in written(tmp_path)


def test_a_missing_right_to_create_tables_is_reported_before_the_search(
    server: str, photos: Path, tmp_path: Path
) -> None:
    import psycopg

    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute("CREATE ROLE guest LOGIN PASSWORD 'gu3st'")
        connection.execute("CREATE DATABASE closed")
    with psycopg.connect(f"{server}/closed", autocommit=True) as connection:
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    guest = f"postgresql://guest:gu3st@{server.partition('@')[2]}/closed"
    with pytest.raises(StorageError, match="must be allowed to connect, to create tables") as raised:
        autotl.fit(photos, out=tmp_path / "run", trials=1, storage=guest, **QUICK)  # type: ignore[arg-type]
    assert "gu3st" not in str(raised.value)
