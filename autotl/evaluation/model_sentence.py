"""Describe the final model in one sentence, with its test score."""

from __future__ import annotations

import math

from autotl.evaluation.findings import Findings
from autotl.evaluation.number_text import IN_UNITS, metric_name, significant
from autotl.evaluation.scores import Evaluation


def model_sentence(findings: Findings, kind: str = "") -> str:
    """Return one sentence with strategy, network, trained stages and score.

    ``kind`` is the kind of transfer; "" leaves it out.
    """
    arm, test = findings.winner.arm, findings.test
    parts = [kind, _trained_stages(findings), _weights_origin(findings)]
    detail = f" ({', '.join(filter(None, parts))})" if any(parts) else ""
    return f"Delivered: {arm.strategy} on {arm.backbone}{detail}, {_score(test)}."


def _trained_stages(findings: Findings) -> str:
    transfer = findings.transfer_summary
    total, frozen = len(transfer.transferred), len(transfer.frozen)
    if not total:
        return "no pretrained weights"
    if frozen == total:
        return f"all {total} stages frozen"
    if not frozen:
        return f"all {total} stages trained"
    return f"{total - frozen} of {total} stages trained"


def _weights_origin(findings: Findings) -> str:
    ensemble, soup = findings.ensemble, findings.soup
    if ensemble is not None and ensemble.kept:
        return f"with {len(set(ensemble.trials)) - 1} other networks as an ensemble"
    if soup.kept:
        count = len(set(soup.trials))
        averaged = f"weights averaged over {count} trials" if count > 1 else ""
        interpolated = "interpolated with the pretrained network" if soup.pretrained_share else ""
        return " and ".join(filter(None, (averaged, interpolated)))
    return "trained again on all training images" if findings.refit else ""


def _score(test: Evaluation) -> str:
    name = metric_name(test.metric)
    low, high = test.ci95
    images = f"{test.n:,} test image" + ("" if test.n == 1 else "s")
    if not (math.isfinite(low) and math.isfinite(high)):
        return f"{name} {score_text(test.value, test)} on {images}"
    if test.percent:
        return (
            f"{100 * test.value:.1f}% {name} on {images} (95% interval {100 * low:.1f} to {100 * high:.1f})"
        )
    lower = "" if test.higher_is_better else ", lower is better"
    ends = " to ".join(score_text(end, test) for end in (low, high))
    return f"{name} {score_text(test.value, test)} on {images} (95% interval {ends}{lower})"


def score_text(number: float, test: Evaluation) -> str:
    """Return a score as text that is no percentage."""
    return significant(number) if test.metric in IN_UNITS else f"{number:.3f}".replace("-", "−")
