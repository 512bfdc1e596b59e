"""Contributions and adaptations are summarised over the seeds of each case."""

from __future__ import annotations

from typing import Any

import pytest

from autotl.leaderboard import Row
from autotl.leaderboard.rows.pivot import make_grid
from autotl.leaderboard.stats.additional import adaptation_summaries, contribution_summaries
from tests.leaderboard.conftest import a_row


def contribution(gain: float | None, answer: str | None = None, **changes: Any) -> dict[str, Any]:
    sides = {"strategy": "self_training", "compared_with": "linear_probe"}
    nothing = dict.fromkeys(sides) if gain is None else sides
    return {"role": "unlabelled", "gain": gain, "answer": answer} | nothing | changes


def searched(seed: int, *contributions: dict[str, Any], **changes: Any) -> Row:
    return a_row("autotl", seed=seed, split=f"b2:{seed}", contributions=contributions, **changes)


def test_gains_and_answers_are_summarised_over_seeds() -> None:
    rows = [
        searched(0, contribution(0.08, "helps")),
        searched(1, contribution(0.01, "no_measurable_difference")),
        searched(2, contribution(None)),
    ]
    (found,) = contribution_summaries(make_grid(rows))
    assert (found.label, found.entrant, found.role) == ("flowers", "autotl", "unlabelled")
    assert (found.gain, found.lowest, found.highest) == (pytest.approx(0.045), 0.01, 0.08)
    assert found.answers == {"helps": 1, "no_measurable_difference": 1}
    assert (found.unmeasured, found.strategies, found.counterparts) == (
        1,
        ("self_training",),
        ("linear_probe",),
    )


def test_every_role_and_case_has_its_row() -> None:
    both = contribution(0.1, "helps"), contribution(-0.1, "hurts", role="source", strategy="multi_task")
    rows = [searched(0, *both), searched(0, both[0], dataset="pets")]
    found = contribution_summaries(make_grid(rows))
    assert [(each.label, each.role) for each in found] == [
        ("flowers", "unlabelled"), ("flowers", "source"), ("pets", "unlabelled"),
    ]  # fmt: skip


def test_single_strategies_have_nothing_to_compare_with() -> None:
    alone = a_row("self_training", contributions=(contribution(None),))
    assert contribution_summaries(make_grid([alone, searched(0)])) == ()


def test_true_scores_are_means_over_the_seeds_that_know_both() -> None:
    decisions = [
        {"chosen": "coral", "unadapted": 0.3, "delivered": 0.4, "gain": 0.08},
        {"chosen": None, "unadapted": 0.5, "delivered": 0.5, "gain": None},
        {"chosen": "coral", "unadapted": None, "delivered": 0.9, "gain": None},
    ]
    rows = [searched(seed, adaptation=each) for seed, each in enumerate(decisions)]
    (found,) = adaptation_summaries(make_grid([*rows, a_row("finetune", split="b2:0")]))
    assert found.chosen == (("coral", 2), ("", 1))
    assert (found.unadapted, found.delivered) == (pytest.approx(0.4), pytest.approx(0.45))
    assert (found.gain, found.seeds) == (0.08, 3)


def test_without_a_compared_model_the_delivered_score_is_shown_alone() -> None:
    (found,) = adaptation_summaries(make_grid([searched(0, adaptation={"delivered": 0.9})]))
    assert (found.chosen, found.unadapted, found.delivered) == ((("", 1),), None, 0.9)
