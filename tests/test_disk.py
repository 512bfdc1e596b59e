"""A full disk is recognised however a library names it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from autotl import disk
from autotl.errors import DiskFull


def test_sqlite_and_safetensors_say_it_their_way(tmp_path: Path) -> None:
    for said in (
        sqlite3.OperationalError("database or disk is full"),
        RuntimeError('IoError(Os { code: 28, kind: StorageFull, message: "No space left on device" })'),
    ):
        with pytest.raises(DiskFull, match="are needed for"), disk.told_if_full(tmp_path / "x", 2**20):
            raise said
    assert not disk.is_full(ValueError("the loss is not a number"))
