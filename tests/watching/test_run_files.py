"""The page of a run of another process shows what its folder says."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Semaphore
from types import ModuleType
from typing import Any

import pytest

import autotl
from autotl import jsonio
from autotl.api import Arm
from autotl.cache import exclusive_lock
from autotl.metrics import METRICS
from autotl.results import RunFile, write_run_file, write_trials
from autotl.terminal import Silence
from autotl.testing import tiny_images
from autotl.trials.journal import Journal, StartedJob
from autotl.trials.journal_headers import journal_files, read_headers
from autotl.trials.trial import Trial
from autotl.watching import RunFolderSource, RunPage, run_files
from autotl.watching.file_cache import FileCache
from tests.support.journalled_search import JournalledSearch

ARGUMENTS: dict[str, Any] = {"data": "/data/photos", "budget": "5m", "metric": None, "trials": 9}
FORECASTS = [
    {"arm": {"strategy": "a", "backbone": "net"}, "not_started": ""},
    {"arm": {"strategy": "slow", "backbone": "net"}, "not_started": "its chance to win was 1.0%"},
]


def started_run(folder: Path, **more: Any) -> Path:
    folder.mkdir(exist_ok=True)
    write_run_file(folder, RunFile(ARGUMENTS, "0", {}, **more))
    (folder / ".lock").touch()
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return started_run(tmp_path / "run")


@pytest.fixture
def alive(folder: Path) -> Iterator[Path]:
    """A run whose process holds the lock."""
    with exclusive_lock(folder / ".lock", "the run"):
        yield folder


def later(folder: Path, seconds: float) -> Callable[[], float]:
    """A clock that stands some seconds after the run has created its lock."""
    at = (folder / ".lock").stat().st_mtime + seconds
    return lambda: at


def test_a_run_that_prepares_has_a_step_and_its_time(alive: Path) -> None:
    source = RunFolderSource(alive, now=later(alive, 20.0))
    assert source.content().state == "running"
    assert source.content().name == "photos"
    moment = source.moment()
    assert moment.step == "preparing the search"
    assert (moment.seconds, moment.seconds_left) == pytest.approx((20.0, 280.0), abs=0.1)


def test_a_running_search_shows_its_trials_and_arms(fakes: ModuleType, alive: Path) -> None:
    JournalledSearch(fakes, [fakes.Fake("a"), fakes.Fake("b")], 4, alive).run()
    write_run_file(alive, RunFile(ARGUMENTS, "0", {}, forecasts=FORECASTS))
    jsonio.write(alive / "profile.json", {"when": {"n_train": 1234, "n_classes": 2}})
    trial = Trial(4, Arm("b", "net"), {"x": 0.25}, 0, default=False)
    Journal(alive, lambda: 50.0).write(trial, StartedJob((0, 1), 1))
    source = RunFolderSource(alive)
    content, moment = source.content(), source.moment()
    assert [each.number for each in content.records] == [0, 1, 2, 3]
    assert all(each.score is not None for each in content.records)
    assert content.arms == (Arm("a", "net"), Arm("b", "net"))
    assert content.skipped == ((Arm("slow", "net"), "its chance to win was 1.0%"),)
    assert content.goal == "1,234 training images · 2 classes · 5 min · 9 trials"
    assert moment.step == "trial 4 b · net · folds 1, 2"
    assert moment.seconds is not None
    assert moment.seconds >= 50


def test_a_run_without_a_process_was_stopped(fakes: ModuleType, folder: Path) -> None:
    JournalledSearch(fakes, [fakes.Fake("a")], 2, folder).run()
    source = RunFolderSource(folder)
    content = source.content()
    assert content.state == "stopped"
    assert len(content.records) == 2
    assert source.moment().seconds_left is None
    page = RunPage(source).html()
    assert "The run was stopped before its report was written." in page
    assert "autotl resume" in page


def test_a_process_that_dies_is_noticed(folder: Path) -> None:
    times = iter(later(folder, seconds)() for seconds in (1.0, 2.0, 8.0))
    source = RunFolderSource(folder, now=lambda: next(times))
    with exclusive_lock(folder / ".lock", "the run"):
        assert source.content().state == "running"
    assert source.content().state == "running"  # the lock is not tried each second
    assert source.content().state == "stopped"


def test_a_resumed_run_counts_from_its_new_start(fakes: ModuleType, folder: Path) -> None:
    JournalledSearch(fakes, [fakes.Fake("a")], 2, folder).run()
    for path in (folder / ".lock", *journal_files(folder)):
        os.utime(path, (1e9, 1e9))
    before = max(each.elapsed for each in read_headers(folder))
    with exclusive_lock(folder / ".lock", "the run"):
        moment = RunFolderSource(folder, now=later(folder, 20.0)).moment()
    assert moment.seconds == pytest.approx(before + 20.0, abs=0.1)


def test_requests_at_once_check_the_process_one_after_the_other(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock_of_run = Semaphore()

    def is_abandoned(_: Path) -> bool:
        if not lock_of_run.acquire(blocking=False):
            return False
        time.sleep(0.05)
        lock_of_run.release()
        return True

    monkeypatch.setattr(run_files, "is_abandoned", is_abandoned)
    source = RunFolderSource(folder)
    with ThreadPoolExecutor(4) as threads:
        found = threads.map(lambda _: source.content(), range(8))
    assert {each.state for each in found} == {"stopped"}


def test_scores_in_the_table_of_trials_come_first(fakes: ModuleType, folder: Path) -> None:
    search = JournalledSearch(fakes, [fakes.Fake("a")], 2, folder)
    search.run()
    write_run_file(folder, RunFile({**ARGUMENTS, "metric": "log_loss"}, "0", {}))
    records = search.history.records()
    write_trials(folder / "trials.csv", [replace(each, score=-0.25) for each in records], METRICS["log_loss"])
    content = RunFolderSource(folder).content()
    assert not content.measure.higher_is_better
    assert [each.score for each in content.records] == [-0.25, -0.25]
    assert "0.250 validation log loss" in RunPage(RunFolderSource(folder)).html()


def test_torn_files_leave_the_rest(fakes: ModuleType, folder: Path) -> None:
    JournalledSearch(fakes, [fakes.Fake("a")], 3, folder).run()
    (folder / "journal" / "0001.safetensors").write_bytes(b"torn")
    (folder / "trials.csv").write_text("number,score\n0,high\n")
    (folder / "profile.json").write_text("[[")
    content = RunFolderSource(folder).content()
    assert [each.number for each in content.records] == [0, 2]
    (folder / "run.json").unlink()  # a refused run removes it
    assert RunFolderSource(folder).content().state == "failed"


def test_a_finished_run_shows_its_verdict_and_report(tmp_path: Path) -> None:
    data, out = tiny_images(classes=3, each=12), tmp_path / "run"
    result = autotl.fit(
        data, out=out, backbone="tiny", image_size=32, trials=2, strategies="linear_probe", watch=Silence()
    )
    source = RunFolderSource(out)
    content = source.content()
    assert content.state == "finished"
    assert content.verdict == result.verdict["sentence"]
    assert content.report == out / "report.html"
    scores = result.trials()["score"].tolist()
    assert [each.score for each in content.records] == pytest.approx(scores, abs=1e-5)
    assert source.moment().step == ""


def test_a_file_is_parsed_again_only_after_a_change(tmp_path: Path) -> None:
    path, read = tmp_path / "file", []

    def parse(file: Path) -> str:
        read.append(file)
        return file.read_text()

    files = FileCache()
    assert files.read(path, parse) is None
    path.write_text("one")
    assert [files.read(path, parse) for _ in range(3)] == ["one"] * 3
    assert len(read) == 1
    path.write_text("two words")
    assert files.read(path, parse) == "two words"
