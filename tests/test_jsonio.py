"""Check writing and reading of JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from autotl import files, jsonio
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


def test_values_without_json_form_become_null() -> None:
    assert jsonio.plain([float("nan"), float("inf"), np.float64("nan")]) == [None, None, None]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "x.json"
    jsonio.write(target, {"a": 1})

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(RunError, match="cannot be written: disk full"):
        jsonio.write(target, {"a": 2})
    assert json.loads(target.read_text()) == {"a": 1}
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_name_that_is_not_unicode_is_written(tmp_path: Path) -> None:
    jsonio.write(tmp_path / "x.json", {"name": "bad\udcff.jpg"})
    assert jsonio.read(tmp_path / "x.json") == {"name": "bad\udcff.jpg"}


def test_a_document_is_converted_to_its_dataclass() -> None:
    told = json.loads(json.dumps(jsonio.plain(Point(1.0, "é")) | {"of a newer version": 1}))
    assert jsonio.as_type(told, Point) == Point(1.0, "é")


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({"x": "1", "name": "a"}, "x: input should be a valid number, not '1'"),
        ({"x": 1.0}, "name: field required"),
        ([], "the document: input should be an object"),
        (None, "the document: "),
    ],
)
def test_a_document_of_another_type_is_an_error(document: object, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        jsonio.as_type(document, Point)


def test_a_deeply_nested_document_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_text("[" * 100_000)
    with pytest.raises(ValueError, match="nested too deeply"):
        jsonio.read(path)


def test_names_that_are_not_unicode_keep_their_bytes() -> None:
    told = json.loads(json.dumps(jsonio.plain(Point(1.0, "caf\udce9.jpg"))))
    assert jsonio.as_type(told, Point) == Point(1.0, "caf\udce9.jpg")
    assert jsonio.as_type({"\udcff": ["\udce9"]}, dict[str, tuple[str, ...]]) == {"\udcff": ("\udce9",)}
