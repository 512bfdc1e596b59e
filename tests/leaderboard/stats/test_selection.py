"""Check the value of selection by hand-computed examples."""

from __future__ import annotations

import re

import numpy as np
import pytest

from autotl.leaderboard import markdown, page
from autotl.leaderboard.render.figure_index import draw_figures
from autotl.leaderboard.render.findings import findings
from autotl.leaderboard.rows.pivot import make_grid
from autotl.leaderboard.stats.selection import selection
from autotl.leaderboard.stats.winners_curse import expected_excess, selection_bias

DATASETS = ("one", "two", "three")


@pytest.fixture
def rows(row):
    """Return rows of three data sets and two seeds.

    Strategy a is better than b on the first two data sets; autotl is one point worse than a.
    """
    found = []
    for dataset in DATASETS:
        for seed in (0, 1):
            place = {"dataset": dataset, "seed": seed, "split": f"b2:{dataset}-{seed}", "seconds": 60.0}
            a, b = (0.6, 0.8) if dataset == "three" else (0.9, 0.7)
            found += [
                row("a", a, **place),
                row("b@default", b, **place),
                row("autotl", max(a, b) - 0.01 - 0.001 * seed, trials=({"val": 0.1},) * 12, **place),
                row("plain", 0.5, kind="selector", trials=({"val": 0.1},) * 3, **place),
            ]
    return found


def method(found, name):
    return next(each for each in found.methods if each.entrant == name)


def test_regret_and_leads_worked_by_hand(rows):
    found = selection(make_grid(rows))
    assert [each.entrant for each in found.methods] == ["autotl", "a", "b@default", "plain"]
    own, always, plain = (method(found, name) for name in ("autotl", "a", "plain"))
    assert own.regret == pytest.approx(0.0105)
    assert own.max_regret == pytest.approx(0.011)
    assert (own.pairs, own.autotl_lead, own.p) == (0, None, None)
    assert always.regret == pytest.approx(0.2 / 3)
    assert (always.max_regret, always.max_regret_block) == (pytest.approx(0.2), "three, seed 0")
    assert always.autotl_lead == pytest.approx(0.2 / 3 - 0.0105)
    assert plain.autotl_lead == pytest.approx((0.4 + 0.4 + 0.3) / 3 - 0.0105)
    assert (own.trials_per_minute, plain.trials_per_minute) == (12, 3)


def test_p_is_that_of_wilcoxon_over_data_sets_and_seeds(rows):
    found = selection(make_grid(rows))
    assert method(found, "plain").pairs == 6
    assert method(found, "plain").p == pytest.approx(2 / 2**6)  # all six have the same sign
    assert method(found, "plain").p_holm == pytest.approx(3 * 2 / 2**6)  # of three comparisons
    few = selection(make_grid([each for each in rows if each.dataset != "three"]))
    assert method(few, "plain").p is None
    assert "p < .05 is impossible" in method(few, "plain").reason


def test_without_another_search_there_is_no_section(rows, suite):
    assert selection(make_grid(suite)) is None
    assert "## Selection" not in markdown(suite, title="x")
    text = markdown(rows, title="x")
    assert "| always `b@default` |" in text
    assert "was not measured" in text
    assert 'id="selection"' in page(rows, title="x")
    assert 'id="selection"' not in page(suite, title="x")


def test_scores_by_budget_use_blocks_with_every_budget(rows, row):
    more = [
        row(each.entrant, each.test + 0.05, kind=each.kind, dataset=each.dataset, seed=each.seed,
            split=each.split, budget_seconds=300.0)
        for each in rows
        if each.dataset != "three" and each.entrant != "plain"
    ]  # fmt: skip
    assert selection(make_grid(rows)).curves == ()
    curves = {each.entrant: each.points for each in selection(make_grid([*rows, *more])).curves}
    assert curves.keys() == {"autotl", "a", "b@default"}
    assert curves["a"] == ((60.0, pytest.approx(0.9)), (300.0, pytest.approx(0.95)))
    drawn = draw_figures(findings([*rows, *more]))["budget"]
    assert drawn.count("<polyline") == 3
    assert "a: 90.0% in 1 min, 95.0% in 5 min" in drawn
    assert "| `a` | 90.0% | 95.0% |" in markdown([*rows, *more], title="x")


def test_the_winners_curse_of_equal_strategies_is_estimated():
    rng = np.random.default_rng(0)
    hits = rng.random((8, 200)) < 0.7
    expected = 1.42 * np.sqrt(0.7 * 0.3 / 200)  # the mean of the highest of eight normal numbers is 1.42
    assert 0.3 * expected < expected_excess(hits, seed=0) < 1.5 * expected
    assert expected_excess(hits[:1], seed=0) == pytest.approx(0, abs=0.005)
    assert expected_excess(np.repeat(hits[:1], 8, axis=0), seed=0) == pytest.approx(0, abs=0.005)


def test_the_winners_curse_needs_labels_that_reproduce_the_scores(row):
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 5, 100)
    found = []
    for name in ("a", "b", "c"):
        logits = (np.eye(5)[labels] + rng.normal(0, 0.8, (100, 5))).astype(np.float32)
        found.append(row(name, float((logits.argmax(1) == labels).mean()), logits=logits))
    found.append(row("plain", 0.5, kind="selector"))
    known = {"b2:0": labels}
    assert selection_bias(make_grid(found), known) > 0.01
    assert selection_bias(make_grid(found), {}) is None
    assert selection_bias(make_grid(found), {"b2:0": np.roll(labels, 1)}) is None
    assert "points too high on average" in markdown(found, title="x", labels=known)


def test_a_loss_is_shown_in_the_units_of_its_metric(rows, row):
    losses = [
        row(each.entrant, -2 * each.test, kind=each.kind, dataset=each.dataset, seed=each.seed,
            split=each.split, metric="log_loss", budget_seconds=budget)
        for each in rows
        for budget in (60.0, 300.0)
    ]  # fmt: skip
    found = findings(losses)
    text = markdown(losses, title="x")
    drawn = draw_figures(found)
    assert found.board.standings[0].entrant == "plain"  # a smaller loss is better
    assert "| `plain` | 1.000 | 1.000 |" in text
    assert "points" not in text.partition("## How to read this")[0]
    assert "in test log loss" in text
    assert "a: 1.600 in 1 min" in drawn["budget"]
    assert "plain on one" in drawn["heat"]
    assert "1.000" in drawn["heat"]
    told = re.findall(r"<text[^>]*>([^<]*)<", drawn["heat"] + drawn["budget"])
    assert not [words for words in told if "%" in words]
