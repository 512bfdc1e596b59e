"""A run whose trials are done by workers of their own, over a database that others use too."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import optuna
import pandas as pd
import pytest
from PIL import Image
from sqlalchemy.pool import NullPool

import autotl
from autotl.api import Arm
from autotl.errors import RunError, StorageError
from autotl.queue import FILE, Coordinator, Database
from autotl.results import RunFile, lasting_name, read_run_file, write_run_file
from autotl.terminal import Silence
from autotl.testing import tiny_images

QUICK = {"backbone": "tiny", "image_size": 32, "strategies": "linear_probe", "watch": Silence()}
TRIALS = 5
ARM = Arm("linear_probe", "tiny")


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "photos"
    for number, (image, name) in enumerate(zip(*tiny_images(classes=3, each=12), strict=True)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / name / f"{number}.png")
    return folder


def written(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in folder.rglob("*") if each.is_file())


def test_studies_go_to_the_database_and_its_password_nowhere(
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
    with pytest.raises(RunError, match=r"begun with storage='[\w+]+:.*\*\*\*") as raised:
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


def test_no_right_to_make_tables_is_said_before_the_search(server: str, photos: Path, tmp_path: Path) -> None:
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


def test_a_worker_waits_for_a_run_that_does_not_come(tmp_path: Path) -> None:
    said: list[str] = []
    assert autotl.join("none", storage=f"sqlite:///{tmp_path / 'q.db'}", idle=0.1, say=said.append) == 0
    assert said == ["No run none has begun within 0.1."]
    with pytest.raises(RunError, match="is not a run folder that is seen from here"):
        autotl.join(tmp_path / "none", idle=0.1)


def begun(folder: Path, *, in_memory: tuple[str, ...] = (), decided: dict[str, int] | None = None) -> str:
    """Make a run folder with a coordinator at work; gives its database."""
    storage, name = f"sqlite:///{folder / 'q.db'}", lasting_name(folder)
    write_run_file(folder, RunFile({"in_memory": in_memory}, "0.0.1", {}, decided=decided, name=name))
    database = Database(storage)
    Coordinator(database, name).begin(folder)
    database.close()
    return storage


def test_data_in_memory_is_refused_with_what_to_do(tmp_path: Path) -> None:
    storage = begun(tmp_path, in_memory=("data",), decided={})
    with pytest.raises(RunError, match=r"begun on data in memory.*Save the images where all machines see"):
        autotl.join(tmp_path, storage=storage, idle=1, say=lambda _: None)


def test_a_metric_in_memory_is_refused_with_what_to_do(tmp_path: Path) -> None:
    storage = begun(tmp_path, in_memory=("metric",), decided={})
    with pytest.raises(RunError, match=r"a function of its own process.*metric='package\.module:function'"):
        autotl.join(tmp_path, storage=storage, idle=1, say=lambda _: None)


def test_another_autotl_or_plugin_is_refused_with_what_differs(photos: Path, tmp_path: Path) -> None:
    images = Path(shutil.copytree(photos, tmp_path / "images"))
    autotl.fit(images, out=tmp_path / "run", trials=1, **QUICK)  # type: ignore[arg-type]
    file = replace(read_run_file(tmp_path / "run"), autotl="0.0.1", plugins={"gone": "2"})
    write_run_file(tmp_path / "run", file)
    database = Database(tmp_path / "run" / FILE)
    Coordinator(database, file.name).begin(tmp_path / "run")
    database.close()
    with pytest.raises(RunError, match=r"cannot help.*0\.0\.1 then.*gone has changed.*Install the same"):
        autotl.join(tmp_path / "run", idle=1, say=lambda _: None)
    write_run_file(
        tmp_path / "run", replace(file, autotl=autotl.__version__, plugins={"autotl": autotl.__version__})
    )
    next(images.rglob("*.png")).unlink()
    with pytest.raises(RunError, match=r"does not see the same\..*its images differ"):
        autotl.join(file.name, storage=f"sqlite:///{tmp_path / 'run' / FILE}", idle=1, say=lambda _: None)


def start(*words: str, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "autotl", *words],
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=log.parent,
        )


METRIC = """
def hits(labels, chances):
    return (chances.argmax(1) == labels).mean()
"""


@pytest.mark.slow
def test_two_workers_one_of_them_killed_do_a_whole_run(
    photos: Path, served: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOTL_STORAGE", served)
    (tmp_path / "scores.py").write_text(METRIC)
    out, logs = tmp_path / "run", [tmp_path / f"{n}.log" for n in range(3)]
    fit = start(
        *("fit", str(photos), "--out", str(out), "--backbone", "tiny", "--image-size", "32"),
        *("--strategy", "linear_probe", "--trials", str(TRIALS), "--executor", "queue"),
        *("--metric", "scores:hits"),
        log=logs[0],
    )
    joins = ("worker", "--run", str(out), "--idle", "10m", "--metric", "scores:hits")
    workers = [start(*joins, log=logs[n]) for n in (1, 2)]
    try:
        while "trial" not in logs[1].read_text() and fit.poll() is None:
            assert workers[0].poll() is None, logs[1].read_text()
            time.sleep(0.05)
        os.kill(workers[0].pid, signal.SIGKILL)
        assert fit.wait() == 0, logs[0].read_text()
        assert workers[1].wait() == 0, logs[2].read_text()
    finally:
        for each in (fit, *workers):
            each.kill()
            each.wait()
    assert "The run has ended its search." in logs[2].read_text()
    table = pd.read_csv(out / "trials.csv")
    assert sorted(table["number"]) == list(range(TRIALS))
    assert set(table["state"]) == {"complete"}
    report = json.loads((out / "report.json").read_text())
    assert len(report["trials"]) == TRIALS
    assert report["test"]["metric"] == "hits"
    assert not (out / ".cache").exists()
    assert b"gehe1m" not in written(tmp_path)
