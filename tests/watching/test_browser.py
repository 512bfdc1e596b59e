"""A run in this process is followed by a page, which never harms the run."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

import autotl
from autotl.api import Plan, Record
from autotl.clock import FakeClock
from autotl.errors import DataError
from autotl.terminal import Silence
from autotl.testing import tiny_images
from autotl.watching import BrowserWatch
from autotl.watching.live_run import MAX_NOTES, LiveRun
from tests.support.run_pages import PROBE, Get, request

DATA = tiny_images(classes=3, each=12)
QUICK: dict[str, Any] = {"backbone": "tiny", "image_size": 32, "strategies": "linear_probe"}
Update = Callable[..., dict[str, Any]]
Make = Callable[..., Record]


class Listening(Silence):
    """Keeps all events, and looks at the page after the first trial."""

    def __init__(self, *, interrupts: bool = False) -> None:
        self.events: list[str] = []
        self.interrupts = interrupts
        self.port = 0
        self.seen = ""

    def announce(self, text: str) -> None:
        found = re.search(r"http://127\.0\.0\.1:(\d+)/", text)
        assert found
        self.port = int(found[1])

    def say(self, text: str) -> None:
        self.events.append("say")

    def doing(self, step: str, done: int, total: int) -> None:
        self.events.append("doing")

    def started(self, plan: Plan) -> None:
        self.events.append("started")

    def scored(self, record: Record, best: Record | None) -> None:
        self.events.append("scored")
        self.seen = self.seen or request(self.port)[2]
        if self.interrupts:
            raise KeyboardInterrupt

    def finished(self, result: Any) -> None:
        self.events.append("finished")

    def close(self) -> None:
        self.events.append("close")


@pytest.fixture
def watch() -> Iterator[tuple[BrowserWatch, Listening]]:
    shown = Listening()
    made = BrowserWatch(shown, port=0, announce=shown.announce, clock=FakeClock())
    yield made, shown
    made.close()


@pytest.mark.usefixtures("eager")
def test_the_page_follows_the_events(
    watch: tuple[BrowserWatch, Listening], update: Update, plan: Plan, record: Make
) -> None:
    made, shown = watch
    made.doing("reading images", 20, 300)
    first = update(shown.port)
    assert first["step"] == "reading images 20 of 300"
    assert first["left"] == "–"
    made.say("Took the column 'species'.")
    made.started(plan)
    made.learning(PROBE, number=0, fold=1, score=None, progress=0.5)
    found = update(shown.port)
    assert found["step"] == "trial 0 linear_probe · net · fold 2 50%"
    assert found["left"] == "5 min"
    assert "no class is known" in found["body"]
    made.scored(record(0, 0.75), None)
    made.scored(record(0, 0.8, folds=2), None)  # more folds of the same trial
    found = update(shown.port, found["version"])
    assert "80.0%" in found["body"]
    assert "1 trial ran." in found["body"]
    assert shown.events == ["doing", "say", "started", "scored", "scored"]


def test_an_error_in_the_page_does_not_reach_the_run(
    watch: tuple[BrowserWatch, Listening], monkeypatch: pytest.MonkeyPatch, plan: Plan, record: Make
) -> None:
    made, shown = watch
    made.doing("reading images", 0, 0)

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("made up")

    for name in ("note", "doing", "started", "learning", "scored", "finished", "ended", "placed"):
        monkeypatch.setattr(made._run, name, broken)
    made.placed(Path("nowhere"), 0.0)
    made.say("a note")
    made.started(plan)
    made.learning(PROBE, number=0, fold=0, score=0.5, progress=0.5)
    made.scored(record(0, 0.5), None)
    made.finished(None)
    made.close()
    assert shown.events == ["doing", "say", "started", "scored", "finished", "close"]


def test_notes_of_several_threads_and_trials_are_all_kept(record: Make) -> None:
    run, before = LiveRun(FakeClock()), sys.getswitchinterval()
    threads = [Thread(target=lambda: [run.note("a note") for _ in range(100)]) for _ in range(4)]
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for number in range(100):
            run.scored(record(number, 0.5), None)
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    assert len(run.content().notes) == 400
    assert len(run.content().records) == 100


def test_only_the_last_notes_are_kept() -> None:
    run = LiveRun(FakeClock())
    for number in range(MAX_NOTES + 3):
        run.note(str(number))
    assert run.content().notes == tuple(map(str, range(3, MAX_NOTES + 3)))


def test_a_server_that_cannot_start_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise OSError("no port is free")

    said: list[str] = []
    monkeypatch.setattr("autotl.watching.browser.PageServer", refused)
    made = BrowserWatch(Silence(), announce=said.append)
    made.doing("one", 0, 0)
    made.doing("two", 0, 0)
    made.close()
    assert said == ["The page of the run cannot be served: no port is free"]


def test_a_run_has_a_page_until_it_ends(tmp_path: Path, get: Get) -> None:
    shown = Listening()
    watch = BrowserWatch(shown, port=0, announce=shown.announce)
    result = autotl.fit(DATA, out=tmp_path / "run", trials=2, watch=watch, **QUICK)
    assert result.trials().shape[0] == 2
    assert "1 trial ran." in shown.seen
    assert shown.events[-2:] == ["finished", "close"]
    assert watch._run.content().state == "finished"
    assert watch._run.content().report == tmp_path / "run" / "report.html"
    with pytest.raises(ConnectionRefusedError):
        get(shown.port)


def test_ctrl_c_ends_a_watched_run_with_what_there_is(tmp_path: Path, get: Get) -> None:
    shown = Listening(interrupts=True)
    watch = BrowserWatch(shown, port=0, announce=shown.announce)
    with pytest.raises(KeyboardInterrupt):
        autotl.fit(DATA, out=tmp_path / "run", trials=3, watch=watch, **QUICK)
    assert autotl.load(tmp_path / "run").trials().shape[0] == 1
    found = watch._run.content()
    assert found.state == "interrupted"
    assert found.report is not None
    with pytest.raises(ConnectionRefusedError):
        get(shown.port)
    again = Listening()
    watch = BrowserWatch(again, port=0, announce=again.announce)
    autotl.resume(tmp_path / "run", data=DATA, watch=watch)
    assert {each.number for each in watch._run.content().records} == {0, 1, 2}  # earlier trials too


def test_an_error_of_the_run_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    watch = BrowserWatch(Silence(), port=0, announce=lambda text: None)
    with pytest.raises(DataError):
        autotl.fit((DATA[0], ["one class"] * len(DATA[0])), trials=1, watch=watch, backbone="tiny")
    found = watch._run.content()
    assert found.state == "failed"
    assert any(note.startswith("Error: ") for note in found.notes)


def test_true_adds_a_page_to_the_default_display(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    autotl.fit(DATA, out=tmp_path / "run", trials=1, watch=True, **QUICK)
    shown = capsys.readouterr().err
    assert "Follow the run in a browser: http://127.0.0.1:" in shown
    assert "linear_probe" in shown
