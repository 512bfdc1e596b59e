import json
from dataclasses import replace

import pytest

from autotl.experience import Profile, Row, prior

PROFILE = Profile("new", 800, 5, 100, 224, likeness=0.5, probe_score=0.8)


def run(name, regrets, *, profile=PROFILE, digest=None, params=None, provenance="this machine"):
    """Return rows of a run with these regrets by strategy."""
    return [
        Row(
            run=name,
            created=f"2025-01-01T00:00:{len(name):02}+00:00",
            provenance=provenance,
            data_digest=digest or f"of {name}",
            n_train=profile.n_train,
            n_classes=profile.n_classes,
            min_per_class=profile.min_per_class,
            image_side=profile.image_side,
            likeness=profile.likeness,
            probe_score=profile.probe_score,
            strategy=strategy,
            backbone_architecture="resnet18",
            pretrained=strategy != "from_scratch",
            metric="accuracy",
            score=0.9 - regret,
            test=None,
            rank=rank,
            regret=regret,
            params=json.dumps((params or {}).get(strategy, {"lr": regret})),
            seconds=1.0,
            budget_seconds=None,
        )
        for rank, (strategy, regret) in enumerate(sorted(regrets.items(), key=lambda each: each[1]), 1)
    ]


WON = {"finetune": 0.0, "linear_probe": 0.02, "from_scratch": 0.3}
LOST = {"linear_probe": 0.0, "finetune": 0.01, "from_scratch": 0.2}


def test_without_past_runs_there_is_no_prediction():
    known = prior([], PROFILE)
    assert known.order(["b", "a"]) == ["b", "a"]
    assert known.predicted is None
    assert known.first_params("a") == []
    assert known.evidence == "No past runs are known."


def test_the_winner_on_similar_data_comes_first():
    known = prior([row for i in range(4) for row in run(f"r{i}", WON)], PROFILE)
    assert known.order(["from_scratch", "linear_probe", "finetune"]) == [
        "finetune",
        "linear_probe",
        "from_scratch",
    ]
    assert known.predicted is not None
    assert known.predicted.strategy == "finetune"
    assert 0.8 < known.predicted.probability < 1
    record = known.records["finetune"]
    assert (record.runs, record.wins) == (4, 4)
    assert 0 <= record.regret < 0.03


def test_untried_strategies_are_in_the_middle_in_their_order():
    known = prior([row for i in range(4) for row in run(f"r{i}", WON)], PROFILE)
    order = known.order(["new_b", "from_scratch", "new_a", "finetune"])
    assert order == ["finetune", "new_b", "new_a", "from_scratch"]


def test_runs_on_more_similar_data_have_more_weight():
    far = Profile("far", 80_000, 100, 400, 32, likeness=0.1, probe_score=0.3)
    rows = [row for i in range(6) for row in run(f"far{i}", LOST, profile=far)] + run("near", WON)
    here, there = prior(rows, PROFILE), prior(rows, far)
    assert here.predicted is not None
    assert here.predicted.strategy == "finetune"
    assert there.predicted is not None
    assert there.predicted.strategy == "linear_probe"
    assert here.evidence == "In 1 past run on similar data, finetune won 1."


def test_runs_on_dissimilar_data_have_little_weight():
    far = replace(PROFILE, n_train=800_000, image_side=16)
    known = prior([row for i in range(4) for row in run(f"r{i}", WON, profile=far)], PROFILE)
    assert known.predicted is not None
    assert known.predicted.probability < 0.4
    assert known.evidence == "None of 4 past runs used similar data."
    assert known.first_params("finetune") == []


def test_more_runs_reduce_the_uncertainty():
    errors = [
        prior([row for i in range(n) for row in run(f"r{i}", WON)], PROFILE).records["finetune"].se
        for n in (1, 4, 16)
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[2] < errors[0] / 2


def test_many_runs_on_one_data_set_count_less_than_on_many():
    one = prior([row for i in range(9) for row in run(f"r{i}", WON, digest="same")], PROFILE)
    many = prior([row for i in range(9) for row in run(f"r{i}", WON)], PROFILE)
    assert one.predicted is not None
    assert many.predicted is not None
    assert one.predicted.probability < many.predicted.probability


@pytest.mark.parametrize("missing", ["likeness", "probe_score"])
def test_an_unknown_value_reduces_the_weight_of_a_run(missing):
    def sure(rows, profile):
        found = prior(rows, profile).predicted
        assert found is not None
        return found.probability

    without = replace(PROFILE, **{missing: None})
    full = sure(run("r", WON), PROFILE)
    assert 1 / 3 < sure(run("r", WON), without) < full
    assert sure(run("r", WON, profile=without), PROFILE) == sure(run("r", WON), without)
    assert sure(run("r", WON, profile=without), without) == full


def test_the_evidence_counts_wins_and_mentions_same_data_and_shipped_runs():
    rows = [
        *run("a", WON, digest="new"),
        *run("b", WON),
        *run("c", LOST, provenance="shipped: demo, 1"),
    ]
    assert prior(rows, PROFILE).evidence == (
        "In 3 past runs on similar data, finetune won 2, linear_probe won 1. 1 of them used this data set. "
        "1 of them came with autotl."
    )


def test_first_params_are_the_distinct_ones_of_the_most_similar_runs():
    less = replace(PROFILE, n_train=1600)
    rows = [
        *run("x", WON, profile=less, params={"finetune": {"lr": 3}}),
        *run("y", WON, params={"finetune": {"lr": 1}}),
        *run("z", WON, params={"finetune": {"lr": 1}}),
    ]
    known = prior(rows, PROFILE)
    assert known.first_params("finetune") == [{"lr": 1}, {"lr": 3}]
    assert known.first_params("finetune", 1) == [{"lr": 1}]
    assert known.first_params("unheard_of") == []


def test_a_strategy_on_two_backbones_counts_once_per_run_with_its_better_arm():
    rows = run("a", WON)
    worse = replace(rows[0], backbone_architecture="other", rank=4, regret=0.4, params='{"lr": 9}')
    assert prior([worse, *rows], PROFILE) == prior(rows, PROFILE)


def test_params_that_are_not_json_are_skipped():
    rows = [replace(row, params="{") for row in run("a", WON)]
    assert prior(rows, PROFILE).first_params("finetune") == []


def test_runs_on_another_kind_of_target_do_not_count():
    labels = replace(PROFILE, kind="multi_label")
    assert prior(run("r", WON), labels).predicted is None
    assert prior([replace(row, kind="multi_label") for row in run("r", WON)], labels).predicted is not None
