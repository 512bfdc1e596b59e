"""Check that busy programs run during a benchmark, and end with it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def busy() -> ModuleType:
    file = Path(__file__).parents[2] / "benchmarks" / "budgets" / "busy.py"
    spec = importlib.util.spec_from_file_location("busy", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_requested_number_of_programs_runs_until_the_end_of_the_block(busy: ModuleType) -> None:
    with busy.busy_loops(2) as loops:
        assert [loop.poll() for loop in loops] == [None, None]
    assert all(loop.poll() is not None for loop in loops)


def test_they_end_after_an_error_too(busy: ModuleType) -> None:
    with pytest.raises(ZeroDivisionError), busy.busy_loops(1) as loops:
        1 / 0  # noqa: B018
    assert loops[0].poll() is not None
