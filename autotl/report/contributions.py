"""Describe the contributions of images besides the labelled ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autotl.api import DEPLOY, ROLES, Record, Task
from autotl.evaluation.number_text import IN_UNITS
from autotl.evaluation.transfer_kind import INDUCTIVE, KINDS
from autotl.report import format
from autotl.report.evidence import Evidence, GivenImages
from autotl.report.metric_format import Measure

if TYPE_CHECKING:  # writing a report must not import torch
    from autotl.evaluation import Contribution

ANSWERS = {1: "helps", 0: "no_measurable_difference", -1: "hurts"}
"""The answer by the direction of a gain."""


def contributions(evidence: Evidence) -> list[dict[str, Any]]:
    """Return what each given set of images contributed, as ``report.json`` has it."""
    test = evidence.findings.test
    measure = Measure(
        format.metric(test.metric), test.higher_is_better, test.percent, test.metric in IN_UNITS
    )
    found = {each.role: each for each in evidence.findings.contributions}
    return [
        _contribution(role, given, found[role], measure)
        for role, given in evidence.additional.items()
        if role in found
    ]


def kinds(task: Task, *, can_adapt: bool = True) -> list[dict[str, Any]]:
    """Return the kinds of transfer that the given images allow.

    Args:
        task: The target, and the images besides the labelled ones.
        can_adapt: Whether an installed strategy adapts to the place of use.
    """
    rows = [
        {
            "kind": INDUCTIVE,
            "possible": True,
            "sentence": f"{INDUCTIVE.capitalize()} is possible: from the pretrained network to your labels.",
        }
    ]
    for role, kind in KINDS.items():
        facts = task.additional.get(role)
        if role == DEPLOY and (lacking := _lacking(task, can_adapt=can_adapt)):
            facts, sentence = None, f"{kind} needs {lacking}"
        elif facts is None:
            sentence = f"{kind} needs {ROLES[role]}: give them with --{role} ({role}=)."
        else:
            classes = f" of {format.count(len(facts.classes), 'class', 'classes')}" if facts.classes else ""
            sentence = f"{kind} is possible: with {_images(role, facts.images)}{classes}."
        rows.append({"kind": kind, "possible": facts is not None, "sentence": format.sentence(sentence)})
    return rows


def _lacking(task: Task, *, can_adapt: bool) -> str:
    """Return what adapting lacks besides images, or ""."""
    if task.target.kind != "single_label":
        return "one class for each image"
    return "" if can_adapt else "the plugin autotl-adapt"


def _contribution(role: str, given: GivenImages, found: Contribution, measure: Measure) -> dict[str, Any]:
    gain = found.gain
    return {
        "role": role,
        "kind": KINDS.get(role, role),
        "images": given.images,
        "used": given.used,
        "left_out": given.left_out,
        "strategy": None if found.using is None else found.using.arm.strategy,
        "compared_with": None if found.without is None else found.without.arm.strategy,
        "gain": None if gain is None else {"value": gain.value, "ci95": gain.ci95, "p": gain.p},
        "answer": None if gain is None else ANSWERS[gain.direction],
        "sentence": _sentence(role, given, found, measure),
    }


def _sentence(role: str, given: GivenImages, found: Contribution, measure: Measure) -> str:
    images, gain = _images(role, given.used), found.gain
    if gain is None or found.using is None or found.without is None:
        return f"The contribution of the {images} was not measured: {found.why}."
    single = given.used == 1
    effect = {
        "helps": "helps" if single else "help",
        "no_measurable_difference": f"{'makes' if single else 'make'} no measurable difference",
        "hurts": "hurts" if single else "hurt",
    }[ANSWERS[gain.direction]]
    difference = f"scores {measure.gain(gain.value)} points"
    if not measure.percent:
        better = "higher" if measure.higher_is_better else "lower"
        difference = f"is {measure.gain(gain.value)} better in {measure.name} ({better} is better)"
    low, high = (measure.gain(end) for end in gain.ci95)
    how = f", paired over {gain.trainings[0]} folds" if gain.paired else ""
    return (
        f"The {images} {effect} ({KINDS.get(role, role)}): {_name(found.using)} {difference} against "
        f"{_name(found.without)}, without them (95% interval {low} to {high}{how})."
    )


def _name(record: Record) -> str:
    return f"{record.arm.strategy} on {record.arm.backbone}"


def _images(role: str, count: int) -> str:
    words = ROLES.get(role, role)
    return f"{count:,} {words.replace('images', 'image') if count == 1 else words}"
