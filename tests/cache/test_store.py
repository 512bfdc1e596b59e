"""Check the store of arrays."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from autotl.cache import Store
from autotl.errors import CacheError


def test_an_array_is_computed_once(tmp_path: Path) -> None:
    calls = []

    def fill(out: NDArray[Any]) -> None:
        calls.append(1)
        out[:] = [1, 2]

    for store in (Store(tmp_path), Store(tmp_path)):
        for _ in range(2):
            assert store.array({"a": 1}, (2,), np.float32, fill).tolist() == [1, 2]
    assert len(calls) == 1


def test_different_keys_are_different_arrays(tmp_path: Path) -> None:
    store = Store(tmp_path)
    one = store.array({"a": 1}, (1,), np.int64, lambda out: out.fill(1))
    two = store.array({"a": 2}, (1,), np.int64, lambda out: out.fill(2))
    assert one[0] == 1
    assert two[0] == 2


def test_an_incomplete_entry_is_not_used(tmp_path: Path) -> None:
    def broken(out: NDArray[Any]) -> None:
        out[0] = 7
        raise KeyboardInterrupt

    store = Store(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        store.array({"a": 1}, (2,), np.float32, broken)
    assert list(tmp_path.iterdir()) == []
    assert store.array({"a": 1}, (2,), np.float32, lambda out: out.fill(3)).tolist() == [3, 3]


def test_a_change_of_an_array_does_not_change_the_entry(tmp_path: Path) -> None:
    first = Store(tmp_path).array({"a": 1}, (2,), np.float32, lambda out: out.fill(1))
    first[:] = 9
    assert Store(tmp_path).array({"a": 1}, (2,), np.float32, lambda out: out.fill(0)).tolist() == [1, 1]


def test_the_least_recently_used_entries_are_deleted(tmp_path: Path) -> None:
    store = Store(tmp_path, bound=3 * 1200)
    for number in range(3):
        store.array({"a": number}, (1000,), np.uint8, lambda out, number=number: out.fill(number))
        os.utime(store._path({"a": number}), (number, number))
    reader = store.find({"a": 0})  # now the most recently used one
    store.array({"a": 3}, (1000,), np.uint8, lambda out: out.fill(3))
    assert store.find({"a": 1}) is None
    assert store.find({"a": 0}) is not None
    store.array({"a": 4}, (3000,), np.uint8, lambda out: out.fill(4))
    assert store.find({"a": 0}) is None
    assert reader is not None
    assert reader.sum() == 0  # an open entry stays readable
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 3 * 1200


def test_the_error_for_a_too_large_array_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(CacheError, match=r"2 MiB is larger .* 1 MiB\. Give --cache"):
        Store(tmp_path, bound=2**20).array({"a": 1}, (2**21,), np.uint8, lambda out: out.fill(0))


def test_a_full_disk_is_an_error_before_the_computation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, start: int, size: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(CacheError, match="No space left on device"):
        Store(tmp_path).array({"a": 1}, (2,), np.uint8, lambda out: pytest.fail("it was computed"))
    assert list(tmp_path.iterdir()) == []


def test_a_truncated_file_is_recreated(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.array({"a": 1}, (1000,), np.uint8, lambda out: out.fill(1))
    path = store._path({"a": 1})
    os.truncate(path, 300)
    assert store.array({"a": 1}, (1000,), np.uint8, lambda out: out.fill(2)).tolist() == [2] * 1000


FILLER = """
import sys, time, numpy as np
import errno
import os
import subprocess
import sys
from pathlib import Path
from autotl.cache import Store
from autotl.errors import CacheError
def fill(out):
    print("filling", flush=True)
    out[:500] = 1
    time.sleep(float(sys.argv[2]))
    out[:] = 1
print(Store(Path(sys.argv[1])).array({"a": 1}, (1000,), np.uint8, fill).sum(), flush=True)
"""


def filler(folder: Path, seconds: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", FILLER, str(folder), str(seconds)], stdout=subprocess.PIPE, text=True
    )


def test_two_processes_compute_the_same_entry_once(tmp_path: Path) -> None:
    both = [filler(tmp_path, 0.5), filler(tmp_path, 0.5)]
    said = [process.communicate()[0] for process in both]
    assert sorted(said) == ["1000\n", "filling\n1000\n"]
    assert len(list(tmp_path.iterdir())) == 1


def test_the_files_of_a_killed_process_are_ignored_and_removed(tmp_path: Path) -> None:
    killed = filler(tmp_path, 60)
    assert killed.stdout is not None
    assert killed.stdout.readline() == "filling\n"
    killed.kill()
    killed.communicate()
    store = Store(tmp_path)
    assert store.find({"a": 1}) is None
    assert store.array({"b": 1}, (4,), np.uint8, lambda out: out.fill(2)).sum() == 8  # deletes its files
    assert len(list(tmp_path.iterdir())) == 1
    assert store.array({"a": 1}, (1000,), np.uint8, lambda out: out.fill(3)).sum() == 3000
