"""Freed memory is kept in a block and returned after it, unless the environment tunes malloc."""

from __future__ import annotations

import ctypes
import os
import platform
import subprocess
import sys
import threading

import pytest

from autotl.training import keep_freed_memory
from autotl.training.machine import malloc

Calls = list[tuple[str, int, int]]
SET = [("mallopt", malloc.M_MMAP_MAX, 0), ("mallopt", malloc.M_TRIM_THRESHOLD, -1)]
USERS = (
    {"AUTOTL_KEEP_MEMORY": "0"},
    {"MALLOC_MMAP_MAX_": "0"},
    {"MALLOC_MMAP_THRESHOLD_": "65536"},
    {"MALLOC_TRIM_THRESHOLD_": "65536"},
    {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"},
    {"LD_PRELOAD": "/usr/lib/libjemalloc.so.2"},
    {"LD_PRELOAD": "libtcmalloc_minimal.so.4"},
)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """The calls to an untuned C library on Linux."""
    made: Calls = []

    class Library:
        def __init__(self, name: str) -> None:
            def mallopt(parameter: int, value: int) -> int:
                made.append(("mallopt", parameter, value))
                return 1

            def malloc_trim(pad: int) -> int:
                made.append(("malloc_trim", pad, 0))
                return 1

            self.mallopt, self.malloc_trim = mallopt, malloc_trim

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", Library)
    for name in {name for env in USERS for name in env} | {"MALLOC_TOP_PAD_"}:
        monkeypatch.delenv(name, raising=False)
    return made


def test_the_setting_lasts_as_long_as_the_block(calls: Calls) -> None:
    with keep_freed_memory():
        assert calls == SET
    after = calls[len(SET) :]
    assert ("mallopt", malloc.M_MMAP_MAX, 65536) in after
    assert after[-1] == (
        "malloc_trim",
        0,
        0,
    )  # after the limits are reset


def test_an_error_in_the_block_ends_it_too(calls: Calls) -> None:
    with pytest.raises(ZeroDivisionError), keep_freed_memory():
        _ = 1 / 0
    assert calls[-1] == ("malloc_trim", 0, 0)


def test_the_outermost_of_nested_blocks_counts(calls: Calls) -> None:
    with keep_freed_memory():
        with keep_freed_memory():
            pass
        assert calls == SET
    assert calls.count(("malloc_trim", 0, 0)) == 1


def test_the_last_block_of_several_threads_resets(calls: Calls) -> None:
    inside, leave = threading.Event(), threading.Event()

    def other() -> None:
        with keep_freed_memory():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=other)
    with keep_freed_memory():
        thread.start()
        assert inside.wait(10)
    assert calls == SET
    leave.set()
    thread.join()
    assert calls[-1] == ("malloc_trim", 0, 0)


@pytest.mark.parametrize("env", USERS, ids=lambda env: "=".join(*env.items()))
def test_a_tuned_environment_is_respected(
    env: dict[str, str], calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    with keep_freed_memory():
        pass
    assert calls == []


def test_off_does_nothing_even_if_the_environment_is_on(
    calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOTL_KEEP_MEMORY", "1")
    with keep_freed_memory(False):
        pass
    assert calls == []


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_other_systems_are_left_alone(system: str, calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", system)
    with keep_freed_memory():
        pass
    assert calls == []


@pytest.mark.parametrize("there", [False, True])
def test_another_c_library_is_left_alone(there: bool, calls: Calls, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str) -> object:
        if there:
            return object()  # it has no mallopt
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", load)
    with keep_freed_memory():
        pass
    assert calls == []


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="there is no glibc")
def test_freed_memory_stays_within_the_block_and_goes_with_it() -> None:
    code = """
import numpy, pathlib, resource
from autotl.training.machine.malloc import keep_freed_memory

def held():
    pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20

start = held()
with keep_freed_memory():
    numpy.ones(200 * 2**20, "uint8")
    print(held() - start > 150)
print(held() - start > 150)
"""
    names = {name for env in USERS for name in env} | {"MALLOC_TOP_PAD_"}
    env = {name: value for name, value in os.environ.items() if name not in names}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
