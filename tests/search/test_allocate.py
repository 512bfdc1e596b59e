"""The arithmetic of deciding."""

from __future__ import annotations

import math

import pytest

from autotl.search.allocate import improvement


def test_improvement_is_the_mean_of_the_positive_part() -> None:
    assert improvement(0.0, 1.0) == pytest.approx(1 / math.sqrt(2 * math.pi))
    assert improvement(5.0, 0.1) == pytest.approx(5.0)
    assert improvement(-5.0, 0.1) == pytest.approx(0.0, abs=1e-12)


def test_improvement_grows_with_the_lead_and_with_the_spread() -> None:
    assert improvement(0.1, 0.1) > improvement(0.0, 0.1) > improvement(-0.1, 0.1)
    assert improvement(-0.1, 0.3) > improvement(-0.1, 0.1)
