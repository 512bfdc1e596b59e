"""What is kept of the budget is what the end will take, and no more."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autotl.api import Arm, FoldScore
from autotl.budget.refit_policy import SAFETY
from autotl.clock import Budget
from autotl.finalize.deadline import reserve
from autotl.finalize.prediction_cache import Trunks
from autotl.pipeline.prepare import Prepared
from autotl.testing import tiny_run
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial
from autotl.workbench.tensor_files import save_weights

BUDGET = Budget(seconds=60.0)


@pytest.fixture
def ready(tmp_path: Path) -> Prepared:
    ready = tiny_run(tmp_path / "cache")
    assert ready.materials.extra_features  # preparing it has looked at test images
    ready.materials.extra_features.clear()
    return ready


@pytest.fixture
def ledger(ready: Prepared, tmp_path: Path) -> TrialHistory:
    """One trial: the source's trunk with a head of its own, as a linear probe saves it."""
    ledger = TrialHistory(ready.materials.fold_labels(), repeats=ready.splits.repeats)
    file = save_weights(tmp_path / "probe.safetensors", ready.materials.model("tiny"))
    labels = ledger.labels[0]
    score = FoldScore(0, 0.5, np.zeros((len(labels), 3), dtype=np.float32), 0.1, 1)
    ledger.trials[0] = Trial(
        0, Arm("linear_probe", "tiny"), {}, 0, True, {0: score}, models={0: file}, side=32
    )
    return ledger


def kept(ready: Prepared, ledger: TrialHistory, tests: int) -> float:
    trunks = Trunks(ready.materials)
    return reserve(ledger, ready.materials, trunks, budget=BUDGET, tests=tests, arms=1)


def test_testing_an_image_costs_a_pass(ready: Prepared, ledger: TrialHistory) -> None:
    once = ready.backbones["tiny"].pace.seconds(1, side=32)
    assert kept(ready, ledger, 20) - kept(ready, ledger, 0) == pytest.approx(SAFETY * 20 * once)


def test_images_that_were_looked_at_before_the_search_cost_nothing(
    ready: Prepared, ledger: TrialHistory
) -> None:
    none = kept(ready, ledger, 0)
    whole = kept(ready, ledger, 20) - none
    ready.materials.compute_extra_features("tiny", ready.splits.test[:5], side=32)
    assert kept(ready, ledger, 20) - none == pytest.approx(whole * 15 / 20)
    assert kept(ready, ledger, 3) == none


def test_a_refit_costs_what_the_network_itself_leaves_out(ready: Prepared, ledger: TrialHistory) -> None:
    """Of many more images that a small network learns from, validation leaves out a smaller share."""
    (trial,) = ledger.trials.values()
    trial.seconds = 5.0
    assert ledger.held_of("tiny") == ledger.held_out > 0
    whole = kept(ready, ledger, 0)
    ledger.held_by = {"tiny": 0.0}
    assert ledger.held_of("tiny") == 0.0
    assert kept(ready, ledger, 0) <= whole - SAFETY * 5.0
    ledger.held_by = {"another": 0.0}
    assert kept(ready, ledger, 0) == whole
