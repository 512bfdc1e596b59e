"""The stages, epochs and BatchNorm statistics that strategies choose by default."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autotl.builtin.strategies.tuning.reach import AGGRESSIVE_STEPS, BATCH_SIZE, Reach, default_norm
from autotl.pipeline.prepare import Prepared
from autotl.testing import tiny_run

ENOUGH = 100 * AGGRESSIVE_STEPS
"""Epochs with enough steps on any data: each epoch has one step or more of a hundred images."""


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize(
    ("likeness", "freeze", "epochs", "expected"),
    [
        (0.1, 0, ENOUGH, "batch"),
        (0.1, 0, 1, "frozen"),
        (0.1, 1, ENOUGH, "frozen"),
        (0.9, 0, ENOUGH, "frozen"),
    ],
)
def test_statistics_are_updated_far_from_the_source_with_enough_steps_of_all_stages(
    ready: Prepared, likeness: float, freeze: int, epochs: int, expected: str
) -> None:
    task = replace(ready.task, likeness={"tiny": {"frechet": likeness}})
    assert task.train_rows < AGGRESSIVE_STEPS * BATCH_SIZE  # one epoch has fewer steps
    assert default_norm(task, ready.backbones["tiny"], Reach(freeze, epochs, 32)) == expected
