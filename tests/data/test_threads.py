"""Work done in threads comes back in order."""

from __future__ import annotations

import threading

import pytest

from autotl.data.threads import in_threads


def test_results_come_in_the_order_of_the_things() -> None:
    assert list(in_threads(lambda n: n * n, range(1000), threads=4)) == [n * n for n in range(1000)]
    assert list(in_threads(str, [])) == []


def test_an_error_comes_out_and_ends_the_threads() -> None:
    def work(n: int) -> float:
        return 1 / (n - 100)

    with pytest.raises(ZeroDivisionError):
        list(in_threads(work, range(10_000), threads=2))
    assert threading.active_count() == 1
