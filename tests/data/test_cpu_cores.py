"""Usable cores are counted, and torch's threads stay within them."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
import torch

from autotl.data import cpu_cores, torch_within_cores, usable_cores


@pytest.fixture
def eight(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is bound to 8 of 64 cores."""
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


@pytest.mark.usefixtures("eight")
@pytest.mark.parametrize(
    ("written", "cores"),
    [("max 100000", 8), ("250000 100000", 3), ("50000 100000", 1), ("9999999 100000", 8)],
)
def test_cores_are_those_bound_to_within_the_containers_share(
    written: str, cores: int, tmp_path: Path
) -> None:
    assert usable_cores(tmp_path) == 8
    (tmp_path / "cpu.max").write_text(written)
    assert usable_cores(tmp_path) == cores


@pytest.mark.usefixtures("eight")
@pytest.mark.parametrize(("quota", "cores"), [("-1", 8), ("200000", 2)])
def test_the_first_version_of_control_groups_is_read_too(quota: str, cores: int, tmp_path: Path) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(quota)
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000")
    assert usable_cores(tmp_path) == cores


def test_without_affinity_all_cores_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 5)
    assert usable_cores(tmp_path) == 5
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_cores(tmp_path) == 1


@pytest.fixture
def two_threads(monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
def test_torch_keeps_within_the_cores_and_gets_its_threads_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu_cores, "usable_cores", lambda: 1)
    with torch_within_cores():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_threads")
def test_torch_is_given_no_more_threads_than_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu_cores, "usable_cores", lambda: 64)
    with torch_within_cores():
        assert torch.get_num_threads() == 2


@pytest.mark.usefixtures("two_threads")
def test_a_users_own_number_of_threads_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu_cores, "usable_cores", lambda: 1)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    with torch_within_cores():
        assert torch.get_num_threads() == 2


WAITING = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")


def parked() -> int:
    return sum(each.name == "autotl-parked" for each in threading.enumerate())


@pytest.fixture
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in WAITING:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("unset")
@pytest.mark.parametrize("busy", [True, False])
def test_a_thread_is_parked_only_on_a_busy_machine(monkeypatch: pytest.MonkeyPatch, *, busy: bool) -> None:
    monkeypatch.setattr(cpu_cores, "cores_are_busy", lambda: busy)
    with torch_within_cores():
        assert parked() == busy
    assert parked() == 0


@pytest.mark.usefixtures("unset")
@pytest.mark.parametrize("name", WAITING)
def test_no_thread_is_parked_if_the_user_has_set_how_threads_wait(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "1")
    monkeypatch.setattr(cpu_cores, "cores_are_busy", lambda: True)
    with torch_within_cores():
        assert parked() == 0


@pytest.mark.parametrize(("ticks", "busy"), [(1, False), (9, True)])
def test_one_busy_core_of_many_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ticks: int, busy: bool
) -> None:
    def cpu_times(one: int) -> str:
        idle = 910 if one else 900
        rest = "".join(f"cpu{core} 100 0 0 {idle} 0 0 0 0 50 0\n" for core in range(1, 64))
        return f"cpu 9 9 9 9 9\ncpu0 {100 + one} 0 0 {idle - one} 0 0 0 0 {one} 0\n{rest}intr 1\n"

    processors = tmp_path / "stat"
    processors.write_text(cpu_times(0))
    monkeypatch.setattr(cpu_cores.os, "sched_getaffinity", lambda pid: set(range(64)), raising=False)
    monkeypatch.setattr(cpu_cores.time, "sleep", lambda seconds: processors.write_text(cpu_times(ticks)))
    assert cpu_cores.cores_are_busy(processors) == busy
    assert not cpu_cores.cores_are_busy(tmp_path / "missing")
