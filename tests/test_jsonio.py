"""Writing and reading JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from autotl import disk, jsonio
from autotl.errors import RunError


@dataclass(frozen=True, slots=True)
class Point:
    x: float
    name: str


def test_dataclasses_arrays_and_paths_become_plain() -> None:
    document = {
        "p": Point(1.0, "é"),
        "a": np.arange(2),
        "f": np.float32(0.5),
        "path": Path("a/b"),
        3: (1, None),
    }
    assert jsonio.plain(document) == {
        "p": {"x": 1.0, "name": "é"},
        "a": [0, 1],
        "f": 0.5,
        "path": "a/b",
        "3": [1, None],
    }


def test_what_json_cannot_say_becomes_null() -> None:
    assert jsonio.plain([float("nan"), float("inf"), np.float64("nan")]) == [None, None, None]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "x.json"
    jsonio.write(target, {"a": 1})

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(disk.os, "fsync", full)
    with pytest.raises(RunError, match="cannot be written: disk full"):
        jsonio.write(target, {"a": 2})
    assert json.loads(target.read_text()) == {"a": 1}
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_name_that_is_no_unicode_is_written_all_the_same(tmp_path: Path) -> None:
    jsonio.write(tmp_path / "x.json", {"name": "bad\udcff.jpg"})
    assert jsonio.read(tmp_path / "x.json") == {"name": "bad\udcff.jpg"}
