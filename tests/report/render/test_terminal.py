"""A terminal shows the leaderboard, the result and titled sentences."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from autotl.report import leaderboard, parse, profile_sections, result_lines, show_sections, warning_lines


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


def test_sections_are_titles_with_sentences(sample: dict[str, Any]) -> None:
    shown, file = console(200)
    show_sections(profile_sections(parse(sample)), shown)
    assert file.getvalue().startswith("The data\n  480 training images")
    assert "`" not in file.getvalue()
