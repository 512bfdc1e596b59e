"""The importance of settings follows from the trials of one arm."""

from __future__ import annotations

from typing import Any

import numpy as np

from autotl.api import Arm, Record
from autotl.report.parts.importance import MIN_TRIALS, importances

ARM = Arm("finetune", "tiny")


def trial(number: int, params: dict[str, Any], score: float | None, arm: Arm = ARM) -> Record:
    state = "failed" if score is None else "complete"
    return Record(number, arm, params, False, state, score, 1, 3, 2.0)


def trials(count: int) -> list[Record]:
    """Trials whose score depends on the learning rate alone."""
    rng = np.random.default_rng(0)
    rates = 10 ** rng.uniform(-4, -2, count)
    norms = rng.choice(["batch", "frozen"], count)
    return [
        trial(i, {"lr": float(rate), "norm": str(norm), "mixup": False}, 0.9 + 0.1 * float(np.log10(rate)))
        for i, (rate, norm) in enumerate(zip(rates, norms, strict=True))
    ]


def test_the_setting_that_decides_the_score_comes_first() -> None:
    found = importances([*trials(24), trial(24, {"lr": 0.1}, None)], seed=0)
    assert found is not None
    assert (found["strategy"], found["backbone"], found["trials"]) == ("finetune", "tiny", 24)
    shares = {each["name"]: each["share"] for each in found["parameters"]}
    assert next(iter(shares)) == "lr"
    assert shares["lr"] > 0.8
    assert "mixup" not in shares  # it is the same in all trials
    assert importances(trials(24), seed=0) == importances(trials(24), seed=0)


def test_few_trials_or_equal_scores_have_no_importance() -> None:
    assert importances([], seed=0) is None
    assert importances(trials(MIN_TRIALS - 1), seed=0) is None
    divided = [
        trial(i, {"lr": 0.1 * i}, 0.5 + 0.01 * i, Arm("a" if i % 2 else "b", "tiny")) for i in range(20)
    ]
    assert importances(divided, seed=0) is None
    assert importances([trial(i, {"lr": 0.1 * i}, 0.5) for i in range(20)], seed=0) is None
    assert importances([trial(i, {"lr": 0.1}, 0.01 * i) for i in range(20)], seed=0) is None
