"""Describe whether the model is adapted to the place of use."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from autotl.api import DEPLOY
from autotl.evaluation.number_text import IN_UNITS
from autotl.report import format
from autotl.report.evidence import Evidence, GivenImages
from autotl.report.metric_format import Measure

if TYPE_CHECKING:  # writing a report must not import torch
    from autotl.adaptation.result import Adaptation, Candidate
    from autotl.evaluation import Evaluation, Gain

NO_IMAGES = GivenImages(0, 0, 0)


def adaptation(evidence: Evidence) -> dict[str, Any] | None:
    """Return the decision on adapting, as ``report.json`` has it; None without images."""
    found = evidence.adaptation
    if found is None:
        return None
    given, test = evidence.additional.get(DEPLOY, NO_IMAGES), evidence.findings.test
    measure = Measure(
        format.metric(test.metric), test.higher_is_better, test.percent, test.metric in IN_UNITS
    )
    return {
        "images": given.images,
        "used": given.used,
        "left_out": given.left_out,
        "domain_difference": _difference(found),
        "unadapted": found.unadapted and _candidate(found.unadapted, measure),
        "candidates": [_candidate(each, measure) for each in found.candidates],
        "untried": [{"strategy": name, "reason": why} for name, why in found.untried.items()],
        "slice_images": found.slice_images,
        "chosen": found.chosen,
        "reason": found.reason,
        "sentence": sentence(found, measure),
        "truth": _truth(found.truth),
        "truth_gain": _gain(found.truth_gain),
    }


def sentence(found: Adaptation, measure: Measure) -> str:
    """Return the decision and the true score as text.

    Args:
        found: The decision.
        measure: The metric of the run.
    """
    decision = f"Adapted by {found.chosen}" if found.chosen else "Do not adapt"
    return f"{decision}: {found.reason}. {_true_score(found, measure)}"


def _true_score(found: Adaptation, measure: Measure) -> str:
    truth, gain = found.truth, found.truth_gain
    if truth is None and found.no_truth:
        known = f"The {measure.name} at the place of use could not be measured"
        return format.sentence(f"{known}: {found.no_truth}")
    if truth is None:
        return (
            f"The {measure.name} at the place of use is unknown: label 100 images of it. Give them to "
            "--deploy as a table with a column of paths and one of labels, or run 'autotl evaluate'."
        )
    low, high = (measure.value(end) for end in truth.ci95)
    text = f"At the place of use the {measure.name} is {measure.value(truth.value)}{measure.remark}"
    text += f" (95% interval {low} to {high})"
    if gain is not None:
        low, high = (measure.gain(end) for end in gain.ci95)
        text += f", {measure.gain(gain.value)}{measure.unit} ({low} to {high}) over the unadapted model"
    return f"{text} on {format.count(truth.n, 'labelled image')} that were not used for the decision."


def _difference(found: Adaptation) -> dict[str, Any] | None:
    difference = found.difference
    if difference is None:
        return None
    return {
        "auc": difference.auc,
        "p": difference.p,
        "n_train": difference.n_train,
        "n_place": difference.n_test,
    }


def _candidate(each: Candidate, measure: Measure) -> dict[str, Any]:
    scores = asdict(each.scores)
    scores["source_validation"] = measure.merit(each.scores.source_validation)
    return {
        "strategy": each.strategy,
        "backbone": each.backbone,
        "scores": scores,
        "slice": None if each.slice is None else measure.merit(each.slice),
        "slice_gain": _gain(each.slice_gain),
        "truth": _truth(each.truth),
    }


def _gain(gain: Gain | None) -> dict[str, Any] | None:
    return None if gain is None else {"value": gain.value, "ci95": gain.ci95, "p": gain.p}


def _truth(truth: Evaluation | None) -> dict[str, Any] | None:
    return None if truth is None else {"value": truth.value, "ci95": truth.ci95, "n": truth.n}
