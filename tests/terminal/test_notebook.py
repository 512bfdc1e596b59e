"""A notebook shows a run in one display."""

from __future__ import annotations

import sys
import warnings
from types import SimpleNamespace

import pytest

from autotl import terminal
from autotl.api import Arm, Plan, Record
from autotl.clock import FakeClock, WallClock
from autotl.terminal import Notebook
from autotl.testing import tiny_task

ARM = Arm("<script>", "tiny")
PLAN = Plan(
    tiny_task({"a": 10, "b": 10}, typical_size=8),
    (ARM,),
    {},
    None,
    2,
    5,
)
DONE = Record(
    number=0, arm=ARM, params={}, default=True, state="complete", score=0.9, folds=1, epochs=1, seconds=1.0
)


def test_everything_is_in_one_display_and_names_are_escaped() -> None:
    shown: list[str] = []
    notebook = Notebook(clock=FakeClock(), show=shown.append, every=60)
    notebook.doing("reading images", 3, 20)
    assert "starting" not in shown[0]
    assert "reading images 3 of 20" in shown[0]
    notebook.say("A <b>note</b>.")
    notebook.started(PLAN)
    notebook.scored(DONE, DONE)
    notebook.close()
    assert "A &lt;b&gt;note&lt;/b&gt;." in shown[-1]
    assert "<script>" not in shown[-1]
    assert "0.900" in shown[-1]
    assert "▸" not in shown[-1]


def test_the_card_of_the_result_is_last() -> None:
    shown: list[str] = []
    notebook = Notebook(clock=FakeClock(), show=shown.append, every=60)
    notebook.started(PLAN)
    notebook.scored(DONE, DONE)
    notebook.finished(SimpleNamespace(_repr_html_=lambda: "<p>card</p>"))
    notebook.close()
    assert shown[-1].endswith("<p>card</p></div>")
    assert "<details>" in shown[-1]


def test_a_notebook_is_recognised_by_its_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython", raising=False)
    assert isinstance(terminal.watch(WallClock()), terminal.Terminal)
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    with warnings.catch_warnings(record=True) as caught:
        assert isinstance(terminal.watch(WallClock()), Notebook)
        warnings.warn("IProgress not found. Please update jupyter and ipywidgets.", stacklevel=1)
        assert caught == []
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=SimpleNamespace))
    assert isinstance(terminal.watch(WallClock()), terminal.Terminal)
