"""A wrongly edited report is refused with the reason, never with a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from autotl.errors import RunError
from autotl.results import Result, is_finished, read_report


def folder_with(tmp_path: Path, document: Any) -> Path:
    (tmp_path / "report.json").write_text(document if isinstance(document, str) else json.dumps(document))
    return tmp_path


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("[" * 100_000, "is not readable JSON: it is nested too deeply"),
        ("\udcff".encode("utf-8", "surrogatepass").decode("latin-1"), "is not readable JSON"),
        ([], "has format None"),
        ({"format": 99, "environment": "mine"}, "has format 99.*unknown version"),
        ({"format": 1, "verdict": "yes"}, "was edited: verdict: "),
        ({"format": 1, "verdict": {"sentence": 3}}, r"was edited: verdict\.sentence: "),
        ({"format": 1, "test": [0.9]}, "was edited: test: "),
        ({"format": 1, "arms": {"a": 1}}, "was edited: arms: "),
        ({"format": 1, "arms": [{"test": "good"}]}, r"was edited: arms\.0\.test: "),
        ({"format": 1, "seed": "zero"}, "was edited: seed: "),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, document: Any, why: str) -> None:
    with pytest.raises(RunError, match=why):
        read_report(folder_with(tmp_path, document))


def test_parts_may_be_missing_until_they_are_needed(tmp_path: Path) -> None:
    report = read_report(folder_with(tmp_path, {"format": 1, "arms": None, "of a newer version": {}}))
    result = Result(tmp_path, report, device="cpu", read=lambda data, columns: data)
    for ask in (lambda: result.verdict, result.leaderboard, result.trials, lambda: result.evaluate(tmp_path)):
        with pytest.raises(RunError, match=r"report\.json lacks '\w+': it was edited"):
            ask()


@pytest.mark.parametrize("torn", ["", '{"label_names": ', "[1]", '{"label_names": 3}', "[" * 100_000])
def test_a_damaged_model_of_an_unfinished_run_is_refused(tmp_path: Path, torn: str) -> None:
    (tmp_path / "model").mkdir()
    config = tmp_path / "model" / "config.json"
    config.write_text('{"label_names": ["a", "b"]}')
    assert read_report(tmp_path)["classes"] == ["a", "b"]
    assert not is_finished(tmp_path)
    config.write_text(torn)
    with pytest.raises(RunError, match=r"config\.json (is not readable JSON|was edited)"):
        read_report(tmp_path)
