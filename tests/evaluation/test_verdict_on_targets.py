"""The verdict on several labels and on numbers is in their own unit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from autotl.api import Arm, Record, TargetSpec
from autotl.evaluation import (
    ArmFinding,
    Evaluation,
    FinalPredictions,
    Findings,
    Gain,
    Leaks,
    TransferSummary,
    evaluate,
    judge,
)
from autotl.targets import target_of

LABELS = target_of(TargetSpec("multi_label", ("cat", "dog", "hat")))
SPEC = TargetSpec("regression", ("age", "height"), (40.0, 170.0), (10.0, 5.0))
NUMBERS = target_of(SPEC)
Arrays = tuple[np.ndarray, np.ndarray]


def labelled(n: int = 300, *, noise: float = 1.0, seed: int = 0) -> Arrays:
    rng = np.random.default_rng(seed)
    truth = (rng.random((n, 3)) < (0.5, 0.3, 0.1)).astype(np.float32)
    return truth, (4 * truth - 2 + noise * rng.normal(size=(n, 3))).astype(np.float32)


def numbered(n: int = 300, *, noise: float = 0.3, seed: int = 0) -> Arrays:
    """True numbers in units, and standardised predictions with errors of this many standard deviations."""
    rng = np.random.default_rng(seed)
    standard = rng.normal(size=(n, 2))
    outputs = (standard + noise * rng.normal(size=(n, 2))).astype(np.float32)
    return NUMBERS.predict(standard.astype(np.float32)).astype(np.float32), outputs


def findings(test: Evaluation, found: Gain, sides: tuple[float, float]) -> Findings:
    winner = Record(0, Arm("linear_probe", "net"), {}, True, "complete", -sides[0], 5, 1, 1.0)
    baseline = Record(1, Arm("pixels", "none"), {}, True, "complete", -sides[1], 1, 9, 9.0)
    return Findings(
        predictions=FinalPredictions(np.zeros(0, dtype=np.int64), np.zeros((0, 2), dtype=np.float32)),
        winner=winner,
        refit=False,
        input_size=64,
        test=test,
        arms={
            record.arm: ArmFinding(record, None, replace(test, value=side))
            for record, side in zip((winner, baseline), sides, strict=True)
        },
        transfer=winner,
        baseline=baseline,
        transfer_gain=found,
        why_no_gain="",
        negative_transfer_classes=(),
        search_gain=None,
        transfer_summary=TransferSummary((), (), ""),
        images_per_second=1.0,
    )


def test_the_verdict_on_numbers_is_in_their_unit() -> None:
    test = replace(evaluate(*numbered(80), NUMBERS, metric="mae", seed=0), value=5.1, ci95=(4.8, 5.4))
    verdict = judge(findings(test, Gain(3.2, (2.5, 3.9), 80, 0.001), (5.1, 8.3)))
    assert verdict.sentence == (
        "Transfer helps: linear_probe on net lowers the MAE by 3.20 against pixels on none (5.10 instead of "
        "8.30; 95% interval of the gain +2.50 to +3.90; above 0 is better)."
    )
    assert "MAE 5.10 on 80 test images (95% interval 4.80 to 5.40, lower is better)" in verdict.delivered


def test_the_verdict_on_labels_is_in_points() -> None:
    test = evaluate(*labelled(80), LABELS, metric="mean_average_precision", seed=0)
    verdict = judge(findings(test, Gain(0.1, (0.05, 0.15), 80, 0.001), (0.9, 0.8)))
    assert "scores +10.0 points against pixels on none (95% interval +5.0 to +15.0)." in verdict.sentence


def test_a_baseline_that_learned_only_the_mean_gives_no_verdict() -> None:
    test = evaluate(*numbered(80), NUMBERS, metric="mae", seed=0)
    assert test.always_majority is not None
    usual = test.always_majority
    found = findings(test, Gain(3.2, (2.5, 3.9), 80, 0.001), (2.0, usual))
    assert found.baseline is not None
    cut = replace(found.baseline, state="stopped", score=-0.99 * usual)
    arms = {
        **found.arms,
        cut.arm: replace(
            found.arms[cut.arm], test=replace(test, value=usual, ci95=(0.8 * usual, 1.2 * usual))
        ),
    }
    verdict = judge(replace(found, baseline=cut, arms=arms))
    assert verdict.transfer is None
    assert "no time to learn more than the same numbers for each image" in verdict.sentence


def test_leaks_raise_only_proportions_by_a_known_number_of_points() -> None:
    leaks = Leaks(copies=8, compared=80, tested=80)
    for metric, text in (
        ("mean_average_precision", "may be too good. "),
        ("subset_accuracy", "by up to 10.0 points"),
    ):
        test = evaluate(*labelled(80), LABELS, metric=metric, seed=0)
        verdict = judge(findings(test, Gain(0.1, (0.05, 0.15), 80, 0.001), (0.9, 0.8)), leaks=leaks)
        assert text in verdict.caveat
