"""The end of a run waits for a page that is open, and for no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from autotl.watching import PageServer, RunPage, visits
from autotl.watching.run_content import RunContent
from autotl.watching.visits import Visits
from tests.support.run_pages import Fixed, Get

LONG = 60.0


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page counts as open for long after its last question."""
    monkeypatch.setattr(visits, "ASKS_WITHIN", LONG)


@contextmanager
def waiting(wait: Callable[[], None]) -> Iterator[Thread]:
    """Wait in a thread, which must have ended after the block."""
    thread = Thread(target=wait, daemon=True)
    thread.start()
    yield thread
    thread.join(20)
    assert not thread.is_alive()


@pytest.mark.usefixtures("patient")
def test_a_page_that_has_got_all_parts_is_not_awaited_any_more() -> None:
    seen = Visits()
    with seen.question():
        pass
    with waiting(lambda: seen.await_sent(("last state", "report"), seconds=LONG)) as thread:
        seen.sent("last state")
        assert thread.is_alive()
        seen.sent("report")


@pytest.mark.usefixtures("patient")
def test_a_page_that_was_closed_is_not_awaited(get: Get) -> None:
    server = PageServer(RunPage(Fixed(RunContent())), port=0)
    server.start()
    get(server.port, "/state.json")
    with waiting(lambda: server.stop(wait=LONG)) as thread:
        assert thread.is_alive()
        assert get(server.port, "/left")[0] == 200


def test_a_page_that_asks_no_more_is_not_awaited_for_long(monkeypatch: pytest.MonkeyPatch, get: Get) -> None:
    monkeypatch.setattr(visits, "ASKS_WITHIN", 0.1)
    server = PageServer(RunPage(Fixed(RunContent())), port=0)
    server.start()
    get(server.port, "/state.json")
    with waiting(lambda: server.stop(wait=LONG)):
        pass


def test_a_question_that_has_no_answer_yet_is_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "ASKS_WITHIN", 0.0)
    seen = Visits()
    with seen.question(), waiting(lambda: seen.await_sent(("last state",), seconds=LONG)) as thread:
        assert thread.is_alive()
        seen.sent("last state")


@pytest.mark.usefixtures("patient")
def test_a_report_that_cannot_be_read_is_not_called_sent(get: Get, tmp_path: Path) -> None:
    server = PageServer(RunPage(Fixed(RunContent(state="finished", report=tmp_path / "gone.html"))), port=0)
    server.start()
    get(server.port, "/state.json")
    with pytest.raises(ConnectionError):
        get(server.port, "/report.html")
    with waiting(lambda: server.stop(wait=LONG)) as thread:
        assert thread.is_alive()
        get(server.port, "/left")
