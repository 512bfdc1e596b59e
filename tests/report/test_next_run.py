"""More time and groups are advised by what the run measured."""

from __future__ import annotations

from typing import Any

from autotl.report import parse
from autotl.report.next_data import next_data


def advised(document: dict[str, Any], action: str) -> str:
    found = [each.sentence or "" for each in next_data(parse(document)) if each.action == action]
    return "".join(found)


def searched(scores: list[float], **cost: Any) -> dict[str, Any]:
    """A report on trials that end every ten seconds."""
    rows = [{"number": i, "score": score, "finished_at": 10.0 * (i + 1)} for i, score in enumerate(scores)]
    return {
        "test": {"metric": "accuracy"},
        "trials": rows,
        "cost": {"budget_seconds": 120.0, "search_seconds": 10.0 * len(scores), **cost},
    }


def test_more_time_is_advised_if_the_best_score_still_rose() -> None:
    rising = [0.5, 0.6, 0.65, 0.7, 0.7, 0.7, 0.7, 0.72, 0.75]
    assert advised(searched(rising), "search") == (
        "Give a longer `--budget` than 2 min: the best validation accuracy still improved by 5.0 points in "
        "the last third of the search."
    )
    assert advised(searched([0.8, *rising[1:]]), "search") == ""
    assert advised(searched(rising[-5:]), "search") == ""  # too few trials
    assert advised(searched(rising, budget_seconds=None), "search") == ""  # trials were counted, not seconds


def test_an_error_that_falls_is_an_improvement() -> None:
    falling = [0.9, 0.8, 0.7, 0.6, 0.6, 0.6, 0.6, 0.5, 0.4]
    document = searched(falling)
    document["test"] = {"metric": "log_loss", "value": 0.4, "higher_is_better": False, "percent": False}
    assert "improved by 0.200 in the last third" in advised(document, "search")
    document["trials"] = [{**row, "score": -row["score"]} for row in document["trials"]]
    assert advised(document, "search") == ""


def test_more_time_is_advised_if_likely_winners_have_no_score() -> None:
    document = searched([0.8] * 9)
    document["search"] = {
        "forecasts": [
            {"strategy": "finetune", "chance_to_win": 0.6, "outcome": 0.8},
            {"strategy": "lp_ft", "chance_to_win": 0.25, "outcome": None},
            {"strategy": "ssf", "chance_to_win": 0.15, "outcome": None},
        ]
    }
    assert "a chance of 40.0% to score highest" in advised(document, "search")
    document["search"]["forecasts"][1]["outcome"] = 0.7
    document["search"]["forecasts"][2]["chance_to_win"] = 0.05
    assert advised(document, "search") == ""


def test_groups_are_advised_if_copies_explain_the_gap() -> None:
    copies = {"found": True, "share": 0.34, "grouped": False}
    document: dict[str, Any] = {
        "test": {"metric": "accuracy", "value": 0.6},
        "search": {"optimism": 0.236, "optimism_reasons": {"near_copies": copies}},
    }
    assert advised(document, "group") == (
        "Name groups of related images with `--group`: 34% of the validation images have a near copy in "
        "their training fold, and the validation accuracy is 23.6 points better than the test score."
    )
    copies["grouped"] = True
    assert advised(document, "group") == ""
    document["search"]["optimism_reasons"] = None
    assert advised(document, "group") == ""
