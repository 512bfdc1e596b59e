"""Measure how fast this machine is, by a training of known cost."""

from __future__ import annotations

import time

from autotl.api import Score
from autotl.pipeline.prepare import Prepared
from autotl.training import Recipe, Training, training_seconds
from autotl.workbench.trial_workbench import TrialWorkbench

EPOCHS = 3


def reference_slowdown(ready: Prepared) -> float:
    """Return the seconds of a training divided by its cost.

    The training is a short one of ``tiny``.
    """
    backbone = ready.backbones["tiny"]
    bench = TrialWorkbench(ready.run_cache, ready.task, backbone, ready.splits.folds[0], seed=0)
    size = backbone.input_sizes[0]
    expected = training_seconds(ready.task, backbone, input_size=size, trained=1.0, epochs=EPOCHS)
    started = time.perf_counter()
    training = Training(bench.model(), bench, Recipe(input_size=size, epochs=EPOCHS, lr=1e-3))
    assert any(isinstance(step, Score) for step in training.fit())
    return max((time.perf_counter() - started) / max(expected, 1e-6), 1e-3)
