"""Check that executors run measurements and return their entries."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from autotl import bench
from autotl.bench.executors import make_executor, split_cores
from autotl.errors import BenchError, UnknownName
from autotl.leaderboard import read_rows

Make = Callable[..., bench.Suite]
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def test_the_error_for_an_unknown_executor_lists_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'ray'"):
        make_executor("rey", 1)


@pytest.mark.skipif(CORES < 2, reason="a core for each of two workers")
def test_two_workers_share_no_core() -> None:
    one, other = split_cores(2)
    assert not set(one.cores) & set(other.cores)
    assert one.threads == len(one.cores)


@pytest.mark.skipif(CORES < 2, reason="a core for each of two workers")
def test_two_workers_measure_in_parallel(guessing: Make, tmp_path: Path) -> None:
    body = "time.sleep(0.5)"
    rows = read_rows(bench.run(bench.BenchPlan(guessing(body), tmp_path / "out", workers=2), lambda _: None))
    assert {row.status for row in rows} == {"ok"}
    assert {row.threads for row in rows} == {split_cores(2)[0].threads}


def test_an_interruption_ends_the_measurement(guessing: Make, tmp_path: Path) -> None:
    def say(text: str) -> None:
        if text.startswith("1/"):
            raise KeyboardInterrupt

    suite = guessing("time.sleep(6000 if job['seed'] else 0)")
    with pytest.raises(KeyboardInterrupt):
        bench.run(bench.BenchPlan(suite, tmp_path / "out"), say)
    assert len(list((tmp_path / "out/rows").iterdir())) == 1


@pytest.mark.slow
def test_ray_gives_the_same_rows(guessing: Make, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    plan = bench.BenchPlan(guessing(), tmp_path / "out", workers=2, executor="ray")
    there = read_rows(bench.run(plan, lambda _: None))
    here = read_rows(
        bench.run(replace(plan, out=tmp_path / "here", executor="local", workers=1), lambda _: None)
    )
    assert [(row.key, row.test) for row in there] == [(row.key, row.test) for row in here]


def test_the_error_without_ray_names_the_package(
    guessing: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(BenchError, match=r"autotl\[ray\]"):
        bench.run(bench.BenchPlan(guessing(), tmp_path / "out", executor="ray"), lambda _: None)
