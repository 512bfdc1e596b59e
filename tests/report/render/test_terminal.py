"""A terminal shows the leaderboard, the result and titled sentences."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console

from autotl.api import AdditionalImages
from autotl.report import leaderboard, parse, profile_sections, result_lines, show_sections, warning_lines
from autotl.report.contributions import kinds
from autotl.testing import tiny_task


def console(columns: int) -> tuple[Console, io.StringIO]:
    file = io.StringIO()
    return Console(file=file, width=columns), file


@pytest.mark.parametrize("columns", [40, 70, 120])
def test_the_leaderboard_fits_the_terminal(sample: dict[str, Any], columns: int) -> None:
    shown, file = console(columns)
    shown.print(leaderboard(parse(sample), shown))
    lines = file.getvalue().splitlines()
    assert all(len(line) <= columns for line in lines)
    assert "0.867" in file.getvalue()
    assert ("0.800 – 0.917" in file.getvalue()) == (columns >= 60)
    assert ("mobilenetv2_100.in1k" in file.getvalue()) == (columns >= 90)
    assert "direct" not in file.getvalue()  # it was not tested


def test_an_arm_without_an_interval_has_a_dash(sample: dict[str, Any]) -> None:
    sample["arms"] = [sample["arms"][0] | {"ci95": [None, None]}]
    shown, file = console(120)
    shown.print(leaderboard(parse(sample), shown))
    assert "–" in file.getvalue()


def test_the_result_has_no_backticks_and_no_repeated_warning(sample: dict[str, Any]) -> None:
    sample["verdict"] |= {
        "delivered": "Delivered: finetune on mobilenetv2_100.in1k.",
        "warnings": ["2 of 120 test images look like training images"],
        "caveat": "2 of 120 test images look like training images The baseline was cut short.",
    }
    report = parse(sample)
    lines = result_lines(report)
    assert lines[:2] == ["Delivered: finetune on mobilenetv2_100.in1k.", "The baseline was cut short."]
    assert lines[2].startswith("Search gained +1.7")
    assert warning_lines(report) == ("2 of 120 test images look like training images.",)


def test_the_possible_kinds_of_transfer_are_readable_in_60_columns(sample: dict[str, Any]) -> None:
    given = replace(tiny_task({"a": 9, "b": 9}), additional={"unlabelled": AdditionalImages(12_000)})
    sample["when"]["kinds"] = kinds(given)
    shown, file = console(60)
    show_sections(profile_sections(parse(sample)), shown)
    lines = file.getvalue().splitlines()
    start = lines.index("Possible kinds of transfer")
    assert all(len(line) <= 60 for line in lines[start:])
    text = " ".join(" ".join(lines[start + 1 :]).split())
    assert text.startswith("Inductive transfer is possible: from the pretrained network to your labels.")
    assert "Self-taught learning is possible: with 12,000 unlabelled images." in text
    assert "give them with --source (source=)." in text
    assert {(each["kind"], each["possible"]) for each in json.loads(json.dumps(kinds(given)))} >= {
        ("inductive transfer", True),
        ("self-taught learning", True),
    }


def test_sections_are_titles_with_sentences(sample: dict[str, Any]) -> None:
    shown, file = console(200)
    show_sections(profile_sections(parse(sample)), shown)
    assert file.getvalue().startswith("The data\n  480 training images")
    assert "`" not in file.getvalue()
