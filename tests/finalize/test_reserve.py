"""The reserve is the expected time of the final phase."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autotl.api import Arm, FoldScore
from autotl.budget.policy import POLICY
from autotl.clock import Budget
from autotl.data import LockedTest
from autotl.finalize.final_steps import final_steps
from autotl.finalize.phase import FinalOptions
from autotl.finalize.reserve import reserve
from autotl.pipeline.prepare import Prepared
from autotl.testing import tiny_run
from autotl.trials.history import TrialHistory
from autotl.trials.trial import Trial
from autotl.workbench.tensor_files import save_weights
from tests.support.phases import phase_of, runner_of

BUDGET = Budget(seconds=60.0)


@pytest.fixture
def ready(tmp_path: Path) -> Prepared:
    ready = tiny_run(tmp_path / "cache")
    assert ready.run_cache.extra_features  # preparing it has looked at test images
    ready.run_cache.extra_features.clear()
    return ready


@pytest.fixture
def history(ready: Prepared, tmp_path: Path) -> TrialHistory:
    """A history with a trial of the source's layers with another head, as a linear probe saves it."""
    history = TrialHistory(ready.run_cache.fold_targets(), repeats=ready.splits.repeats)
    file = save_weights(tmp_path / "probe.safetensors", ready.run_cache.networks.new("tiny"))
    labels = history.targets[0]
    score = FoldScore(0, 0.5, np.zeros((len(labels), 3), dtype=np.float32), 0.1, 1)
    history.trials[0] = Trial(
        0, Arm("linear_probe", "tiny"), {}, 0, True, {0: score}, models={0: file}, input_size=32
    )
    return history


def kept(ready: Prepared, history: TrialHistory, tests: int) -> float:
    few = replace(ready, locked=LockedTest(np.arange(tests)))
    runner = runner_of(ready, Path("unused"))
    return reserve(final_steps(phase_of(few, runner, history, FinalOptions(BUDGET))), history)


def test_testing_an_image_costs_a_pass(ready: Prepared, history: TrialHistory) -> None:
    once = ready.backbones["tiny"].pace.seconds(1, input_size=32)
    assert kept(ready, history, 20) - kept(ready, history, 0) == pytest.approx(POLICY.margin * 20 * once)


def test_known_features_of_test_images_cost_nothing(ready: Prepared, history: TrialHistory) -> None:
    none = kept(ready, history, 0)
    whole = kept(ready, history, 20) - none
    ready.run_cache.compute_extra_features("tiny", ready.splits.test[:5], input_size=32)
    assert kept(ready, history, 20) - none == pytest.approx(whole * 15 / 20)
    assert kept(ready, history, 3) == none


def test_a_refit_depends_on_the_images_that_its_network_leaves_out(
    ready: Prepared, history: TrialHistory
) -> None:
    """Validation leaves out a smaller fraction if a network learns from more images."""
    (trial,) = history.trials.values()
    trial.seconds = 5.0
    assert history.held_out_share("tiny") > 0
    whole = kept(ready, history, 0)
    history.held_out_by_network = {"tiny": 0.0}
    assert history.held_out_share("tiny") == 0.0
    assert kept(ready, history, 0) <= whole - POLICY.margin * 5.0
    history.held_out_by_network = {"another": 0.0}
    assert kept(ready, history, 0) == whole
