"""Going on with a run: what is kept, what is refused, and that nothing is lost."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import autotl
from autotl import cli, files, plugins
from autotl.api import Record
from autotl.builtin.strategies.probes.linear_probe import LinearProbe
from autotl.cache import exclusive_lock
from autotl.errors import DiskFull, RunError, UnknownName
from autotl.results import read_run_file, write_run_file
from autotl.terminal import Silence
from autotl.testing import tiny_images

QUICK = {"backbone": "tiny", "image_size": 32, "strategies": "linear_probe", "watch": Silence()}


class Interrupting(Silence):
    """Presses Ctrl-C after so many trials."""

    def __init__(self, after: int) -> None:
        self.left = after

    def scored(self, record: Record, best: Record | None) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def save(images: np.ndarray, labels: list[str], folder: Path) -> Path:
    for number, (image, name) in enumerate(zip(images, labels, strict=True)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(*tiny_images(classes=3, each=12), tmp_path_factory.mktemp("data") / "photos")


@pytest.fixture(scope="module")
def original(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("interrupted") / "run"
    with pytest.raises(KeyboardInterrupt):
        autotl.fit(photos, out=out, trials=4, **{**QUICK, "watch": Interrupting(2)})  # type: ignore[arg-type]
    return out


@pytest.fixture
def interrupted(original: Path, tmp_path: Path) -> Path:
    """A copy that the test may alter of a run that was interrupted after two of four trials."""
    return shutil.copytree(original, tmp_path / "run")


def tried(folder: Path) -> list[tuple[Any, ...]]:
    table = pd.read_csv(folder / "trials.csv")
    return list(table[["number", "strategy", "params", "score", "folds"]].itertuples(index=False, name=None))


def test_an_interrupted_run_goes_on_and_says_so(photos: Path, interrupted: Path, tmp_path: Path) -> None:
    assert (interrupted / ".cache" / "trials").is_dir()
    assert len(autotl.load(interrupted).predict(next(photos.rglob("*.png")))) == 1
    result = autotl.fit(None, out=interrupted, resume=True, watch=Silence())
    assert len(result.trials()) == 4
    assert any("test set had been evaluated once before" in note for note in result.report["notes"])
    assert not (interrupted / ".cache").exists()
    assert "format" in json.loads((interrupted / "report.before.json").read_text())
    autotl.fit(photos, out=tmp_path / "whole", trials=4, **QUICK)  # type: ignore[arg-type]
    assert tried(interrupted) == tried(tmp_path / "whole")
    with pytest.raises(RunError, match=r"is finished: nothing is left to do\. It had trials 4"):
        autotl.fit(None, out=interrupted, resume=True, trials=3, watch=Silence())
    more = autotl.fit(None, out=interrupted, resume=True, trials=6, watch=Silence())
    assert len(more.trials()) == 6
    # with more trials there is more to spend on later repeats of the first ones: their scores may move
    settings = [each[:3] for each in tried(tmp_path / "whole")]
    assert [each[:3] for each in tried(interrupted)[:4]] == settings
    assert any("was trained again, because its weights were missing" in note for note in more.report["notes"])


def test_other_data_is_refused_with_what_differs(interrupted: Path, photos: Path) -> None:
    images, labels = tiny_images(classes=3, each=11)
    with pytest.raises(RunError, match="it had 36 images and has 33"):
        autotl.fit((images, labels), out=interrupted, resume=True, watch=Silence())
    assert len(autotl.fit(photos, out=interrupted, resume=True, watch=Silence()).trials()) == 4


def test_what_would_make_it_another_run_is_refused(interrupted: Path) -> None:
    with pytest.raises(RunError, match=r"must be the target's default \(accuracy.* \(got 'macro_f1'\)"):
        autotl.fit(None, out=interrupted, resume=True, metric="macro_f1", watch=Silence())


def test_a_second_process_stops_and_says_why(interrupted: Path, photos: Path) -> None:
    with exclusive_lock(interrupted / ".lock", "it"):
        with pytest.raises(RunError, match="Another process is using"):
            autotl.fit(None, out=interrupted, resume=True, watch=Silence())
        with pytest.raises(RunError, match="Another process is using"):
            autotl.fit(photos, out=interrupted, watch=Silence())


def test_a_function_as_metric_has_to_be_given_again(photos: Path, tmp_path: Path) -> None:
    def certainty(labels: np.ndarray, chances: np.ndarray) -> float:
        return float(chances[np.arange(len(labels)), labels].mean())

    out = tmp_path / "run"
    interrupted: dict[str, Any] = {**QUICK, "watch": Interrupting(1)}
    with pytest.raises(KeyboardInterrupt):
        autotl.fit(photos, out=out, trials=3, metric=certainty, **interrupted)
    begun = json.loads((out / "run.json").read_text())["arguments"]
    assert begun["metric"] is None
    with pytest.raises(RunError, match=r"used a Python function as metric\. Resume it from Python"):
        autotl.fit(None, out=out, resume=True, watch=Silence())
    result = autotl.fit(None, out=out, resume=True, metric=certainty, watch=Silence())
    assert len(result.trials()) == 3
    assert result.report["test"]["metric"] == "certainty"


class Twin(LinearProbe):
    """What a plugin offers that may be gone."""

    name = "twin"


def test_a_strategy_that_is_gone_stays_in_the_table_and_may_win(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, real = tmp_path / "run", plugins.load

    def with_twin(found: object = None, *, without: object = ()) -> plugins.Catalog:
        catalog = real()
        catalog.strategies.add(Twin(), plugins.Origin("twin", "autotl-twin", "1.0"))
        return catalog

    asked = {**QUICK, "strategies": "twin", "watch": Interrupting(2)}
    with monkeypatch.context() as patched:
        patched.setattr(plugins, "load", with_twin)
        with pytest.raises(KeyboardInterrupt):
            autotl.fit(photos, out=out, trials=4, **asked)  # type: ignore[arg-type]
    before = tried(out)
    with pytest.raises(UnknownName, match="twin"):  # nothing that was asked for is left
        autotl.fit(None, out=out, resume=True, watch=Silence())
    file = read_run_file(out)
    write_run_file(out, replace(file, arguments={**file.arguments, "strategies": ["twin", "linear_probe"]}))
    result = autotl.fit(None, out=out, resume=True, watch=Silence())
    assert tried(out)[:2] == before
    assert set(result.trials()["strategy"]) == {"twin", "linear_probe"}
    assert {"twin", "linear_probe"} <= set(result.leaderboard()["strategy"])
    assert any("twin is not installed any more" in note for note in result.report["notes"])
    assert any("autotl-twin has changed" in note for note in result.report["notes"])


@pytest.mark.parametrize(
    "what",
    [
        "journal",
        pytest.param("trials", marks=pytest.mark.slow),
        pytest.param("report.json", marks=pytest.mark.slow),
    ],
)
def test_a_full_disk_stops_the_run_says_what_is_needed_and_can_be_resumed(
    what: str, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = files._move_into_place, []

    def full(temporary: Path, path: Path) -> None:
        if what in (path.name, path.parent.name):
            calls.append(path)
            if len(calls) > (0 if what == "report.json" else 2):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(temporary, path)

    out = tmp_path / "run"
    with monkeypatch.context() as patched:
        patched.setattr("autotl.files._move_into_place", full)
        with pytest.raises(DiskFull, match=rf"MiB are needed for .*{what}.* are free.*autotl resume"):
            autotl.fit(photos, out=out, trials=3, **QUICK)  # type: ignore[arg-type]
    assert len(autotl.fit(None, out=out, resume=True, watch=Silence()).trials()) == 3


def test_a_mistake_before_the_first_trial_leaves_the_folder_free(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(autotl.errors.DataError):
        autotl.fit(tmp_path / "empty", out=tmp_path / "run", watch=Silence())
    assert list((tmp_path / "run").iterdir()) == []


def test_the_command_line_goes_on_only_where_there_is_a_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.guarded(lambda: cli.app(["resume", str(tmp_path)], standalone_mode=False)) == 2
    assert "holds no run.json" in " ".join(capsys.readouterr().err.split())


def test_the_command_line_goes_on_as_it_is_told(
    interrupted: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ["resume", str(interrupted), "--device", "cpu", "--no-ensemble", "--json"]
    assert cli.guarded(lambda: cli.app(told, standalone_mode=False)) == 0
    assert json.loads(capsys.readouterr().out)["how"]["strategy"] == "linear_probe"
    kept = read_run_file(interrupted).arguments
    assert (kept["device"], kept["ensemble"], kept["trials"]) == ("cpu", False, 4)


def test_what_is_given_on_resuming_counts_and_is_kept(interrupted: Path) -> None:
    file = read_run_file(interrupted)
    write_run_file(interrupted, replace(file, arguments={**file.arguments, "workers": 2}))
    result = autotl.resume(interrupted, workers=1, cache="1GiB", watch=Silence())
    assert len(result.trials()) == 4
    kept = read_run_file(interrupted)
    assert [kept.arguments[name] for name in ("workers", "cache", "backbone")] == [1, "1GiB", ["tiny"]]
    assert (kept.decided or {})["cache"] == 2**30
    with pytest.raises(RunError, match="nothing is left to do"):
        autotl.resume(interrupted)


@pytest.mark.slow
def test_one_goes_on_alone_with_what_two_were_at(photos: Path, tmp_path: Path) -> None:
    two: dict[str, Any] = {**QUICK, "workers": 2, "watch": Interrupting(1)}
    with pytest.raises(KeyboardInterrupt):
        autotl.fit(photos, out=tmp_path / "run", trials=3, **two)
    kept = read_run_file(tmp_path / "run").arguments
    assert (kept["workers"], kept["cache"]) == (2, None)
    assert len(autotl.resume(tmp_path / "run", workers=1, watch=Silence()).trials()) == 3


def command(photos: Path, out: Path) -> list[str]:
    words = [sys.executable, "-m", "autotl", "fit", str(photos), "--out", str(out), "--backbone", "tiny"]
    return [*words, "--image-size", "32", "--trials", "6", "--quiet", "--without", "from_scratch"]


@pytest.mark.slow
def test_killed_at_random_moments_a_run_is_the_one_that_ran_through(photos: Path, tmp_path: Path) -> None:
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    subprocess.run(command(photos, whole), check=True)
    due, draw, words, lives = len(tried(whole)), random.Random(0), command(photos, killed), 0
    resume = [sys.executable, "-m", "autotl", "resume", str(killed), "--quiet"]
    while lives < 6:
        process = subprocess.Popen(words)
        begun, wanted = done(killed), draw.choice([0, 1, 1, 2])
        started: Callable[[], bool] = lambda begun=begun, wanted=wanted: (  # type: ignore[misc]  # noqa: E731
            (killed / "study.db").exists() and done(killed) - begun >= wanted
        )
        while process.poll() is None and not started():
            time.sleep(0.02)
        time.sleep(draw.uniform(0, 1.5))
        if process.poll() is not None:
            break
        process.send_signal(signal.SIGKILL)
        process.wait()
        pardon(killed)
        words, lives = resume, lives + 1
    if not (killed / "report.json").is_file():
        subprocess.run(resume, check=True)
    assert lives >= 2
    assert len(tried(killed)) == due
    assert tried(killed) == tried(whole)


def done(folder: Path) -> int:
    return len(list((folder / "journal").glob("[!.]*.safetensors")))


def pardon(folder: Path) -> None:
    """A trial killed twice by this test is not to count as one that kills its process."""
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file

    for path in (folder / "journal").glob("[!.]*.safetensors"):
        with safe_open(path, framework="numpy") as file:
            told = json.loads(file.metadata()["trial"])
        if told["running"]:
            told["running"]["attempts"] = 1
            save_file(load_file(path), path, {"trial": json.dumps(told)})
