"""The queue with workers does what every executor does."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from autotl.testing import ExecutorChecks


class TestQueue(ExecutorChecks):
    room = 2

    @pytest.fixture(autouse=True)
    def _with_a_worker(self, crew: ModuleType, storage: str, tmp_path: Path) -> None:
        self.executor = crew.Manned(storage, tmp_path)
