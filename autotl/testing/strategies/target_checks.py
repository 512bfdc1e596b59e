"""Check a strategy on images with several labels, and with numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from autotl.api import TargetKind
from autotl.errors import FAILURES, described
from autotl.testing.bench import tiny_run
from autotl.testing.check_failed import CheckFailed, require
from autotl.testing.strategies.case import StrategyCase, case_of

OTHER_KINDS: tuple[TargetKind, ...] = ("multi_label", "regression")
TRIAL_SECONDS = 0.5
"""Time of a trial, so that recipes stay short: nothing has to be learned well."""
REFUSE = (
    "Use bench.target and bench.linear_heads, which know the kind of target, or refuse it in applies: with "
    "autotl.toolbox.strategy by targets=('single_label',)."
)


def check_targets(case: StrategyCase) -> None:
    """Check that other targets than classes are refused or learned.

    A strategy that accepts them must deliver a finite output for each label or number.
    """
    if case.strategy.applies(case.ready.task, case.backbone):
        _ = case.usual  # a strategy that learns nothing at all is named by that error
    for kind in OTHER_KINDS:
        with TemporaryDirectory() as folder:
            ready = tiny_run(Path(folder), kind=kind, each=12)
            ready = replace(ready, task=replace(ready.task, trial_seconds=TRIAL_SECONDS))
            _check_kind(case_of(case.strategy, ready))


def _check_kind(case: StrategyCase) -> None:
    """Check one kind of target."""
    kind, names = case.ready.task.target.kind, case.ready.task.target.names
    answer = case.strategy.applies(case.ready.task, case.backbone)
    if not answer:
        require(
            answer.why, repr(answer), f"A refusal of {kind} must have a reason", "Return Applies(False, …)."
        )
        return
    try:
        found = case.learn()
    except FAILURES as error:  # code of a plugin
        raise CheckFailed(
            f"A strategy that applies to {kind} must learn it (got {described(error)}). {REFUSE}"
        ) from error
    require(found.scores, "no score", f"A training on {kind} must end with a score", REFUSE)
    outputs = found.scores[-1].outputs
    expected = len(found.bench.targets().val), len(names)
    require(
        tuple(outputs.shape) == expected and bool(torch.isfinite(outputs).all()),
        f"outputs of the shape {tuple(outputs.shape)} in place of {expected}, or not finite",
        f"A strategy must deliver a finite output for each name of {kind}",
        REFUSE,
    )
