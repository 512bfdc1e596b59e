"""Requests to the page of a run, and a plan with trials."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from autotl.api import Arm, Plan, Record
from autotl.testing import tiny_task
from autotl.watching import PageServer, RunPage
from tests.support.run_pages import PROBE, TUNE, Get, request


@pytest.fixture
def get() -> Get:
    return request


@pytest.fixture
def update(get: Get) -> Callable[..., dict[str, Any]]:
    """Returns the update of a page that has a version."""

    def ask(port: int, version: int = -1) -> dict[str, Any]:
        status, _, text = get(port, f"/state.json?version={version}")
        assert status == 200
        return dict(json.loads(text))

    return ask


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Renders each change at once, for tests that ask what is shown."""
    monkeypatch.setattr("autotl.watching.page.REST", 0.0)


@pytest.fixture
def served() -> Iterator[Callable[[Any], PageServer]]:
    """Serves the page of a source until the test ends."""
    opened: list[PageServer] = []

    def serve(source: Any) -> PageServer:
        server = PageServer(RunPage(source), port=0)
        server.start()
        opened.append(server)
        return server

    yield serve
    for server in opened:
        server.stop()


@pytest.fixture
def plan() -> Plan:
    task = tiny_task({"cat": 60, "dog": 40}, typical_size=96, trial_seconds=10.0)
    return Plan(task, (PROBE, TUNE), {Arm("direct", "net"): "no class is known"}, 300.0, None, 5)


@pytest.fixture
def record() -> Callable[..., Record]:
    def make(number: int, score: float | None, arm: Arm = PROBE, **more: Any) -> Record:
        usual: dict[str, Any] = {"params": {"C": 0.1}, "default": True, "state": "complete"}
        usual |= {"folds": 1, "epochs": 1, "seconds": 1.0, "finished_at": 2.0 * number}
        return Record(number=number, arm=arm, score=score, **{**usual, **more})

    return make
