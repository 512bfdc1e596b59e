import pytest

from autotl.analysis import rule_of_thumb
from autotl.leaderboard.rows.pivot import make_grid
from autotl.leaderboard.stats.selection_rules import (
    MANY_IMAGES,
    MANY_PER_CLASS,
    RULE_OF_THUMB,
    SIMILAR,
    rules,
    suggested_families,
)
from autotl.testing import tiny_task


def rule(found, name):
    return next(each for each in found if each.name == name)


@pytest.mark.parametrize("likeness", [None, 0.0, 0.49, 0.5, 0.9])
@pytest.mark.parametrize("images", [500, 1999, 2000, 9000])
def test_it_is_the_rule_that_the_search_reports(images, likeness):
    task = tiny_task({"a": images // 2, "b": images - images // 2}, typical_size=64)
    strategy = rule_of_thumb.rule_of_thumb(task, likeness).strategy
    families = {"linear_probe": ("frozen",), "finetune": ("fine-tuned", "partly frozen")}
    family = suggested_families(n_train=images, shots=0, n_classes=2, likeness=likeness)[0]
    assert family in families[strategy]
    assert (MANY_IMAGES, MANY_PER_CLASS, SIMILAR) == (
        rule_of_thumb.SMALL,
        rule_of_thumb.PER_CLASS,
        rule_of_thumb.SIMILAR,
    )


def test_the_four_corners():
    few, many = {"n_train": 100, "shots": 0, "n_classes": 5}, {"n_train": 9000, "shots": 0, "n_classes": 5}
    assert suggested_families(**few, likeness=0.9) == ("frozen",)
    assert suggested_families(**few, likeness=0.1) == ("partly frozen", "fine-tuned")
    assert (
        suggested_families(**many, likeness=0.9)
        == suggested_families(**many, likeness=0.1)
        == ("fine-tuned",)
    )
    assert suggested_families(n_train=9000, shots=20, n_classes=450, likeness=0.9) == (
        "frozen",
    )  # few per class


@pytest.fixture
def two_blocks(row):
    """Return two blocks with few images.

    Frozen wins the similar one by 10 points, fine-tuned the dissimilar one by 20; autotl selects frozen in
    both.
    """
    rows = []
    for dataset, likeness, frozen, tuned in (("near", 0.9, 0.8, 0.7), ("far", 0.1, 0.5, 0.7)):
        place = {"dataset": dataset, "likeness": likeness, "split": f"b2:{dataset}"}
        rows += [
            row("linear_probe", frozen, family="frozen", **place),
            row("finetune", tuned, family="fine-tuned", **place),
            row("autotl", frozen, family="frozen", **place),
        ]
    return rows


def test_rules_worked_by_hand(two_blocks):
    found = rules(make_grid(two_blocks))
    assert [each.name for each in found] == [RULE_OF_THUMB, "fine-tuned", "autotl", "frozen"]
    assert (rule(found, RULE_OF_THUMB).accuracy, rule(found, RULE_OF_THUMB).regret) == (1, pytest.approx(0))
    assert (rule(found, "fine-tuned").accuracy, rule(found, "fine-tuned").regret) == (
        0.5,
        pytest.approx(0.05),
    )
    assert (rule(found, "frozen").accuracy, rule(found, "frozen").regret) == (0.5, pytest.approx(0.1))
    assert (rule(found, "autotl").accuracy, rule(found, "autotl").regret) == (0.5, pytest.approx(0.1))
    assert rule(found, "frozen").accuracy_ci95 == (0, 1)


def test_partly_frozen_is_selected_if_a_strategy_offers_it(two_blocks, row):
    place = {"dataset": "far", "likeness": 0.1, "split": "b2:far"}
    found = rules(make_grid([*two_blocks, row("late", 0.6, family="partly frozen", **place)]))
    assert rule(found, RULE_OF_THUMB).regret == pytest.approx(0.05)
    assert rule(found, "partly frozen").blocks == 1
    assert rule(found, "partly frozen").all_blocks == 2


def test_a_family_is_represented_by_its_best_validated_strategy(row):
    rows = [row("a", 0.6, val=0.9, family="frozen"), row("b", 0.8, val=0.7, family="frozen")]
    assert rule(rules(make_grid(rows)), "frozen").regret == pytest.approx(0.2)


def test_tied_families_are_both_right(row):
    found = rules(make_grid([row("a", 0.6, family="frozen"), row("b", 0.6, family="scratch")]))
    assert rule(found, "frozen").accuracy == rule(found, "scratch").accuracy == 1


def test_a_failed_choice_is_wrong_with_the_score_of_guessing(row):
    found = rules(make_grid([row("a", 0.6, family="frozen"), row("autotl", None, family="frozen")]))
    assert (rule(found, "autotl").accuracy, rule(found, "autotl").regret) == (0, pytest.approx(0.4))


def test_without_single_strategies_no_rule_is_evaluated(row):
    assert rules(make_grid([row("autotl", 0.5), row("peer", 0.4, kind="peer")])) == ()


def test_the_suite_has_all_rules(suite):
    names = {each.name for each in rules(make_grid(suite))}
    assert names == {RULE_OF_THUMB, "as is", "frozen", "fine-tuned", "scratch", "autotl"}
