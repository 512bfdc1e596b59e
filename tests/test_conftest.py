"""The suite is run by several processes, and files that are named by one."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch


@pytest.fixture
def root() -> ModuleType:
    """The repository's own conftest.py."""
    spec = importlib.util.spec_from_file_location("root_conftest", Path(__file__).parents[1] / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("cores", "processes"), [(1, 1), (2, 2), (64, 4)])
def test_the_suite_has_a_process_per_core_and_four_at_most(
    root: ModuleType, cores: int, processes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    for args in ([], ["tests"], ["tests/test_fit.py", "tests/search"]):
        assert root.pytest_xdist_auto_num_workers(SimpleNamespace(args=args)) == processes


def test_named_files_and_tests_start_no_further_process(root: ModuleType) -> None:
    named = SimpleNamespace(args=["tests/test_fit.py", "tests/test_clock.py::test_a_name"])
    assert root.pytest_xdist_auto_num_workers(named) == 0


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="only processes side by side are limited")
def test_each_process_computes_in_one_thread() -> None:
    assert os.environ["OMP_NUM_THREADS"] == "1"
    assert torch.get_num_threads() == 1
