"""Both pages have a section on additional images if a row has a contribution or an adaptation."""

from __future__ import annotations

import re
from typing import Any

import pytest

from autotl.leaderboard import Row, document, markdown, page
from tests.leaderboard.conftest import a_row

GAIN: dict[str, Any] = {
    "role": "unlabelled", "strategy": "self_training", "compared_with": "linear_probe", "gain": 0.08,
    "low": 0.01, "high": 0.15, "p": 0.04, "answer": "helps",
}  # fmt: skip
PLACE: dict[str, Any] = {"chosen": "coral", "reason": "", "unadapted": 0.3, "delivered": 0.385, "gain": 0.085}
TITLE, PLACE_TITLE = "What additional images contributed", "Adaptation to the place of use"


def rows_of(**changes: Any) -> list[Row]:
    nothing = {"gain": None, "answer": None, "strategy": None, "compared_with": None}
    gains = [GAIN, GAIN | {"gain": -0.02, "answer": "no_measurable_difference"}, GAIN | nothing]
    return [
        a_row("autotl", seed=seed, split=f"b2:{seed}", **({"contributions": (each,)} | changes))
        for seed, each in enumerate(gains)
    ]


def lines(text: str, start: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(start)]


def test_markdown_has_a_row_for_each_data_set_and_role() -> None:
    text = markdown(rows_of(), title="x")
    assert f"## {TITLE}" in text
    assert PLACE_TITLE not in text
    (header,) = lines(text, "| data set | images")
    assert header == (
        "| data set | images | strategy with them | compared with | mean gain | range | helps "
        "| no difference | hurts | not measured |"
    )
    (row,) = lines(text, "| `flowers` | unlabelled images")
    assert row == (
        "| `flowers` | unlabelled images | `self_training` | `linear_probe` | +3.0 points | −2.0 to +8.0 "
        "| 1 | 1 | 0 | 1 |"
    )


def test_the_page_has_the_section_with_its_link() -> None:
    text = page(rows_of(adaptation=PLACE), title="x")
    assert f"<h2>{TITLE}</h2>" in text
    assert f"<h3>{PLACE_TITLE}</h3>" in text
    assert '<a href="#additional">' in text
    for fact in ("+3.0 points", "−2.0 to +8.0", "<code>coral</code>", "30.0%", "38.5%", "+8.5 points"):
        assert fact in text


def test_without_contributions_there_is_no_section(suite: list[Row]) -> None:
    for text in (page(suite, title="x"), markdown(suite, title="x")):
        assert TITLE not in text
        assert 'id="additional"' not in text
    assert document(suite)["contributions"] == document(suite)["adaptations"] == []


def test_adaptations_alone_have_the_section() -> None:
    rows = rows_of(contributions=(), adaptation=PLACE)
    rows[0] = a_row("autotl", split="b2:0", adaptation=PLACE | {"chosen": None, "gain": None})
    text = markdown(rows, title="x")
    assert text.index(f"## {TITLE}") < text.index(f"### {PLACE_TITLE}")
    (row,) = lines(text, "| `flowers` | `coral`")
    assert row == "| `flowers` | `coral` (2 seeds), none (1 seed) | 30.0% | 38.5% | +8.5 points | 3 |"
    assert "not adapted" not in text
    assert PLACE_TITLE in page(rows, title="x")


def test_several_searches_are_named() -> None:
    rows = [*rows_of(), a_row("random_search", kind="selector", split="b2:0", contributions=(GAIN,))]
    text = markdown(rows, title="x")
    assert len(lines(text, "| data set | entrant | images")) == 1
    assert lines(text, "| `flowers` | `random_search` | unlabelled images")


@pytest.mark.parametrize("key", ["role", "strategy", "compared_with"])
def test_hostile_names_are_escaped(key: str) -> None:
    hostile = "<script>alert(1)</script> | x"
    rows = rows_of(contributions=(GAIN | {key: hostile},), adaptation=PLACE | {"chosen": hostile})
    assert "<script>alert" not in page(rows, title="x")
    for block in re.findall(r"(?:^\|.*\n)+", markdown(rows, title="x"), flags=re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1, block


def test_the_unit_is_that_of_the_data_set() -> None:
    text = markdown(rows_of(metric="r2"), title="x")
    (row,) = lines(text, "| `flowers` | unlabelled images")
    assert "| +0.030 | −0.020 to +0.080 |" in row
