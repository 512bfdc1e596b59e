"""The gain of the search is one sentence in every form of the report."""

from __future__ import annotations

from typing import Any

from autotl.report import drawings, html, markdown, parse
from autotl.report.sections import search


def test_the_gain_of_the_search_is_in_every_form(sample: dict[str, Any]) -> None:
    report = parse(sample)
    found = search.search_gain(report)
    assert found.startswith("Search gained +1.7 ± 2.1 points over the best default")
    assert found in markdown(report)
    assert found in html(report)


def test_a_winning_default_and_a_missing_default_are_reported(sample: dict[str, Any]) -> None:
    sample["search"]["winner_is_default"] = True
    found = search.search_gain(parse(sample))
    assert found == "The best trial has default settings: the search gained nothing."
    sample["search"] |= {"winner_is_default": False, "gain_over_best_default": None}
    assert "not measured" in search.search_gain(parse(sample))
    assert search.search_gain(parse({})) == ""


def test_resumed_trials_are_counted(sample: dict[str, Any]) -> None:
    sample["search"]["gone_on"] = 2
    sentences = search.section(parse(sample)).sentences
    assert sentences[0] == "30 trials ran; 3 failed, 3 were pruned and 2 were resumed after pruning."


def test_only_complete_trials_are_compared_by_cost(sample: dict[str, Any]) -> None:
    states = {trial["number"]: trial["state"] for trial in sample["trials"]}
    drawn = drawings(parse(sample))["pareto"]
    shown = {number for number in states if f"<title>trial {number}, " in drawn}
    assert shown == {number for number, state in states.items() if state == "complete"}
