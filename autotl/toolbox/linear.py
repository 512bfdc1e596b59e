"""Fit a linear head on features of a changed network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from autotl.api import HeadSetting, LinearProblem, Workbench
from autotl.clock import NEVER

if TYPE_CHECKING:
    from torch import Tensor


def fit_linear_head(
    bench: Workbench,
    features: Tensor,
    setting: HeadSetting,
    *,
    check_cancelled: Callable[[], None] = lambda: None,
) -> tuple[Tensor, Tensor]:
    """Fit a linear head on features of the training rows.

    It is the head of ``bench.linear_heads``, for features of a changed network. It serves any kind of
    target.

    >>> set_head(model, *fit_linear_head(bench, features, PROBE))

    Args:
        bench: The workbench of the trial; rows count by its weights.
        features: Pooled features of the training rows, float32 (rows, features).
        setting: How the head is fitted.
        check_cancelled: Called before each optimiser step; may raise to end the work.

    Returns:
        Weight (k, features) and bias (k,), on the CPU.
    """
    import torch  # not needed to list the plugins

    targets = bench.targets().train
    problem = LinearProblem(features, targets, [torch.arange(len(targets))], bench.weights())
    found = bench.target.fit_linear(
        problem.to(bench.device), [setting], check_cancelled=check_cancelled, end=NEVER
    )
    return found.weight[0, 0].cpu(), found.bias[0, 0].cpu()
