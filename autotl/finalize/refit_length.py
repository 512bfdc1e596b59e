"""Choose as many epochs for the refit as the time allows."""

from __future__ import annotations

from dataclasses import replace

from autotl.api import Backbone, Params, Strategy, Task
from autotl.errors import FAILURES

MARGIN = 1.3
"""The factor on the expected seconds: a refit that is late is lost. Chosen, not measured."""
MOST = 2.0
"""The most epochs of a refit, relative to the validated epochs. Chosen, not measured."""


def usual_epochs(strategy: Strategy, task: Task, backbone: Backbone) -> int:
    """Return the default epochs of a strategy without a time limit.

    Args:
        strategy: The strategy.
        task: The task.
        backbone: The network.

    Returns:
        0 if the defaults have no epochs.
    """
    try:
        found = strategy.defaults(replace(task, trial_seconds=None), backbone).get("epochs")
    except FAILURES:  # code of a plugin: the refit then trains as the trial did
        return 0
    return found if isinstance(found, int) else 0


def lengthened(params: Params, *, usual: int, needed: float, available: float) -> Params:
    """Return settings with as many epochs as the time allows.

    The trials of a short budget train for a few epochs, so that several fit. The refit is the last training.
    It may use the rest of the time, up to the epochs of a training without a time limit.

    Args:
        params: The settings of the trial.
        usual: The default epochs without a time limit.
        needed: The expected seconds of a refit with these settings.
        available: The seconds that the refit may take.
    """
    epochs = params.get("epochs")
    if not isinstance(epochs, int) or needed <= 0:
        return params
    affordable = int(epochs * min(MOST, available / (MARGIN * needed)))
    longer = min(affordable, usual)
    return {**params, "epochs": longer} if longer > epochs else params
