"""Add the details to the findings that only figures show."""

from __future__ import annotations

from dataclasses import replace

from autotl.evaluation import Findings, reliability, target_gains
from autotl.finalize.final_model import FinalModel
from autotl.finalize.phase import FinalPhase
from autotl.finalize.test_phase.predictions import TestPredictions


def with_figure_evidence(
    findings: Findings, phase: FinalPhase, model: FinalModel, predictions: TestPredictions
) -> Findings:
    """Return the findings with reliability bins and gains by class.

    Args:
        findings: The findings on the final model.
        phase: The final phase of the run.
        model: The final model.
        predictions: The predictions for the test images.
    """
    target, targets = phase.run_cache.target, predictions.targets
    outputs = findings.predictions.outputs
    transfer, baseline = predictions.transfer, predictions.baseline
    gains = (
        ()
        if transfer is None or baseline is None
        else target_gains(targets, predictions.of(transfer), predictions.of(baseline), target)
    )
    return replace(
        findings,
        reliability=reliability(targets, outputs, target),
        reliability_before=reliability(targets, outputs * model.temperature.value, target),
        class_gains=gains,
    )
