"""What the tests share: real data where it is, small data everywhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ["AUTOTL_EXPERIENCE"] = "off"  # tests neither read nor write the table of who runs them

SHARED = Path(__file__).resolve().parents[1].parent / "shared"


@pytest.fixture
def shared() -> Path:
    """The folder of real data sets and weights; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"real data and weights are not at {SHARED}")
    return SHARED
