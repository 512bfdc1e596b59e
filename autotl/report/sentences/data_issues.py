"""Write sentences about data issues that a pretrained network found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autotl.report import format
from autotl.report.document.quality import (
    Cleaned,
    DividedGroups,
    Duplicates,
    Groups,
    LabelIssue,
    NearLeakage,
    Outlier,
    Quality,
    Shift,
)
from autotl.report.kinds.words import Words, words

SIGNIFICANT = 0.01
"""P-value below which training and test images differ."""
_NEIGHBOURS = {"multi_label": "rarest label", "regression": "range of numbers"}
"""The images that an outlier is compared with; for single labels the images of its class."""


def data_issues(quality: Quality, kind: str = "single_label") -> list[str]:
    """Describe each data issue, its effect on the scores and its remedy."""
    sentences = [
        _copies(quality.near_duplicates, words(kind)),
        *_groups(quality.groups),
        _leaks(quality.near_leakage),
        _labels(quality.label_issues, kind),
        _outliers(quality.outliers, _NEIGHBOURS.get(kind, "class")),
        _shift(quality.shift),
        _missing(quality.missing, words(kind)),
        _cleaned(quality.cleaned),
    ]
    return [each for each in sentences if each]


def _verb(amount: int) -> str:
    return "looks" if amount == 1 else "look"


def _copies(found: Duplicates, own: Words) -> str:
    if not found.images:
        return ""
    images, groups = format.count(found.images, "training image"), format.count(found.groups, "group")
    conflicts = ""
    if found.conflicting:
        verb = "has" if found.conflicting == 1 else "have"
        different = "labels" if own.truth == "label" else own.truth
        conflicts = f" {format.count(found.conflicting, 'group')} {verb} different {different}."
    return (
        f"{images} in {groups} look like copies. Copies count several times, and validation scores are too "
        f"high if a fold divides a group.{conflicts} `--clean drop` keeps one image of each group, "
        "`--clean weight` reduces the weight of each copy."
    )


def _groups(found: Groups) -> list[str]:
    return [
        *([_within(found)] if found.groups else []),
        *(
            _across(part, across)
            for part, across in (("test", found.across_test), ("validation", found.across_validation))
            if across.groups
        ),
    ]


def _within(found: Groups) -> str:
    first = [format.name(item) for item in found.examples[0][:2]] if found.examples else []
    example = f", for example {format.listing(first)}" if first else ""
    groups = "1 group" if found.groups == 1 else f"{found.groups:,} groups"
    sentences = [
        f"{format.count(found.images, 'training image')} in {groups} show the same object or scene as others "
        f"of their group{example}.",
        f"The groups were found by {format.listing(sorted(found.found_by))}." if found.found_by else "",
        _divided(found.divided),
        f"{format.count(found.moved, 'image')} moved to another fold to keep groups whole."
        if found.moved
        else "",
        "`--group none` switches this off.",
    ]
    return " ".join(filter(None, sentences))


def _divided(divided: int | None) -> str:
    if divided is None:
        return ""
    if divided == 0:
        return "No fold divides a group, so groups do not raise validation scores."
    return f"A fold divides {format.count(divided, 'group')}, so validation scores may be too high."


def _across(part: str, found: DividedGroups) -> str:
    example = ""
    if found.examples and len(found.examples[0]) == 2:
        inside, outside = map(format.name, found.examples[0])
        example = f", for example {inside} and {outside}"
    return (
        f"{format.count(found.images, f'{part} image')} show the same object or scene as a training "
        f"image{example}: the {part} score may be too high. Your {part} set is not changed."
    )


def _leaks(found: NearLeakage) -> str:
    if not found.images:
        return ""
    pairs = [pair for pair in found.examples if len(pair) == 2]
    example = f", for example {format.name(pairs[0][0])} and {format.name(pairs[0][1])}" if pairs else ""
    return (
        f"{format.count(found.images, 'test image')} {_verb(found.images)} like copies of training "
        f"images{example}. The test score may be too high. `--clean drop` removes their copies from the "
        "training set."
    )


def _labels(found: Sequence[LabelIssue] | None, kind: str) -> str:
    if found is None:
        return ""
    noun, given = ("number", "given as") if kind == "regression" else ("label", "labelled")
    if not found:
        return f"No {noun} looks wrong."
    first, example = found[0], ""
    if first.item:
        example = (
            f", for example {format.name(first.item)}, {given} {format.name(first.given)} but predicted as "
            f"{format.name(first.suggested)}"
        )
    check = "Check them by hand (`label_issues` in the JSON)."
    if kind == "single_label":
        check = (
            "Check them (`label_issues` in the JSON): `--clean drop` leaves out the most certain ones, "
            "`--clean weight` reduces their weight."
        )
    return (
        f"{format.count(len(found), noun)} {_verb(len(found))} wrong{example}. A cross-validated linear "
        f"probe contradicts them. {check}"
    )


def _outliers(found: Sequence[Outlier], neighbours: str) -> str:
    if not found:
        return ""
    items = format.listing((format.name(each.item) for each in found), limit=4)
    own = f"{'its' if len(found) == 1 else 'their'} {neighbours}"
    return (
        f"{format.count(len(found), 'training image')} {_verb(len(found))} like no other of {own}: "
        f"{items}. Outliers may be rare cases or mistakes."
    )


def _shift(found: Shift) -> str:
    if found.p is None or found.auc is None:
        return ""
    evidence = f"a domain classifier has an AUC of {found.auc:.2f}, p = {found.p:.3f}"
    if found.p >= SIGNIFICANT:
        return f"Training and test images look alike ({evidence}; 0.5 is chance)."
    return (
        f"Training and test images differ ({evidence}). The test score holds for images like the test "
        "images. `--reweight` increases the weight of training images that resemble them."
    )


def _missing(found: Mapping[str, Sequence[str]], own: Words) -> str:
    if not found:
        return ""
    classes = [f"{format.name(name)} ({format.listing(parts)})" for name, parts in found.items()]
    return (
        f"Some {own.several} have no image in a part: {format.listing(classes)}. Scores of that part do not "
        f"include them: add images of these {own.several}."
    )


def _cleaned(found: Cleaned) -> str:
    sentences = []
    if found.dropped:
        verb = "was" if found.dropped == 1 else "were"
        sentences.append(f"{format.count(found.dropped, 'training image')} {verb} left out, as requested.")
    if found.reweighted and found.n_eff is not None:
        sentences.append(
            "Training images were weighted, as requested: the effective sample size is "
            f"{format.count(found.n_eff, 'image')}."
        )
    return " ".join(sentences)
