"""Tell what explains a validation score above the test score."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autotl.report import format
from autotl.report.lookup import rows, section
from autotl.report.metric_format import Measure

Facts = Mapping[str, Any]


def causes(reasons: Facts, measure: Measure) -> list[str]:
    """State each cause in a sentence or two; nothing in a report without checks."""
    if not reasons:
        return []
    selection, copies = section(reasons, "selection"), section(reasons, "near_copies")
    moved, few = section(reasons, "shift"), section(reasons, "few_images")
    said = []
    if copies.get("found"):
        said += _copies(copies)
    if selection.get("found"):
        said.append(
            f"Choosing the best of {format.count(selection.get('trials'), 'trial')} explains at most "
            f"{measure.amount(selection['explains'])}."
        )
    if moved.get("found"):
        said.append(
            f"Training and test images differ (AUC {moved['auc']:.2f}, p = {moved['p']:.3f}), "
            f"which can lower test {measure.name}."
        )
        if copies.get("found"):
            said.append("Near copies make this p-value too small.")
    left = reasons.get("unexplained")
    if not said:
        said.append(f"The cause is not known. {_checked(selection, copies, moved, measure)}")
    elif left is not None and format.measured(left):
        said.append(f"The cause of the other {measure.amount(left)} is not known.")
    if few.get("found"):
        said.append(
            f"The interval is wide because {format.count(few.get('validation'), 'validation image')} and "
            f"{format.count(few.get('test'), 'test image')} were scored."
        )
    return said


def _copies(found: Facts) -> list[str]:
    pairs = [pair for pair in rows(found, "examples") if len(pair) == 2]
    such = f", for example {format.name(pairs[0][0])} and {format.name(pairs[0][1])}" if pairs else ""
    beside = found.get("test_share")
    usual = "" if beside is None else f" ({beside:.0%} of test images do)"
    said = [
        f"{found['share']:.0%} of validation images have a near copy in their training fold{usual}{such}."
    ]
    if found.get("accuracy_with") is not None and found.get("accuracy_without") is not None:
        said.append(
            f"Validation accuracy is {format.percent(found['accuracy_with'])} on them and "
            f"{format.percent(found['accuracy_without'])} on the others."
        )
    if found.get("grouped"):
        said.append("The named groups do not keep these together: name wider ones with `--group`.")
    else:
        said += [
            "Name what belongs together with `--group`.",
            "For folders, write a table with columns of image paths, labels and groups, and give that "
            "instead (docs/data.md).",
        ]
    return said


def _checked(selection: Facts, copies: Facts, moved: Facts, measure: Measure) -> str:
    """List the checks that found no cause, and those that were not measured."""
    if selection.get("trials") == 1:
        each = ["only one trial competed"]
    else:
        most = measure.amount(selection.get("explains") or 0.0)
        each = [
            f"choosing the best of {format.count(selection.get('trials'), 'trial')} explains at most {most}"
        ]
    beside = copies.get("test_share")
    usual = "" if beside is None else f", and {beside:.0%} of test images do"
    each.append(
        f"{copies['share']:.0%} of validation images have a near copy in their training fold{usual}"
        if copies
        else "near copies across folds were not looked for"
    )
    each.append(
        f"training and test images look alike (p = {moved['p']:.3f})"
        if moved
        else "a shift between training and test images was not measured"
    )
    return format.sentence("; ".join(each))
