"""A complete report with numbers made up for tests."""

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def sample() -> dict[str, Any]:
    return json.loads((Path(__file__).parent / "sample.json").read_text(encoding="utf-8"))
