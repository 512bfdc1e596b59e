"""A failing or mutating reporter does not affect the other reporters."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autotl.report import write
from autotl.terminal import Silence


class Recorder(Silence):
    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


class Odd:
    """A reporter that calls a function with the document."""

    name, summary = "odd", "made up"

    def __init__(self, does: Callable[[Any], Any]) -> None:
        self._does = does

    def write(self, report: Any, folder: Path) -> Any:
        return self._does(report)


@pytest.mark.parametrize(
    ("does", "why"),
    [
        (lambda report: sys.exit(7), "SystemExit: 7"),
        (lambda report: None, "TypeError"),
        (lambda report: [5], "TypeError"),
    ],
)
def test_a_reporter_that_fails_is_named(tmp_path: Path, does: Callable[[Any], Any], why: str) -> None:
    recorder = Recorder()
    assert write(Odd(does), {"arms": []}, tmp_path, watch=recorder) == []
    [said] = recorder.said
    assert said.startswith(f"The reporter odd failed: {why}")


def test_a_reporter_gets_a_copy(tmp_path: Path) -> None:
    document = {"arms": [{"strategy": "a"}]}

    def altering(report: Any) -> list[Path]:
        report["arms"][0]["strategy"] = "b"
        report["arms"].clear()
        return [tmp_path]

    assert write(Odd(altering), document, tmp_path, watch=Silence()) == [tmp_path]
    assert document == {"arms": [{"strategy": "a"}]}
