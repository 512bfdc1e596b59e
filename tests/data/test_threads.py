"""Results of threads come back in order."""

from __future__ import annotations

import threading

import pytest

from autotl.data import map_in_threads, threads


def test_results_come_in_the_order_of_the_items() -> None:
    assert list(map_in_threads(lambda n: n * n, range(1000), threads=4)) == [n * n for n in range(1000)]
    assert list(map_in_threads(str, [])) == []


def test_an_error_comes_out_and_ends_the_threads() -> None:
    def work(n: int) -> float:
        return 1 / (n - 100)

    with pytest.raises(ZeroDivisionError):
        list(map_in_threads(work, range(10_000), threads=2))
    assert threading.active_count() == 1


def test_decoding_takes_a_thread_per_usable_core(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "usable_cores", lambda: 3)
    pool_sizes: list[int] = []

    class Pool(threads.ThreadPoolExecutor):
        def __init__(self, max_workers: int) -> None:
            pool_sizes.append(max_workers)
            super().__init__(max_workers)

    monkeypatch.setattr(threads, "ThreadPoolExecutor", Pool)
    assert list(map_in_threads(abs, range(1000))) == list(range(1000))
    assert pool_sizes == [3]
