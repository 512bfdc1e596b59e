"""Build the grids that show data issues as pictures."""

from __future__ import annotations

from autotl.report import format
from autotl.report.document.report import Report
from autotl.report.head.faults import COPIES, LABELS, LEAKS, OUTLIERS
from autotl.report.pictures.choice import MAX_SHOWN, copied_pairs, leaked_pairs
from autotl.report.section import PictureGroup, Pictures
from autotl.report.sections.pictures.picture import picture


def issue_pictures(report: Report) -> tuple[Pictures, ...]:
    """Show doubtful labels, leaks, copies and outliers.

    The result is empty for a report without pictures.
    """
    if report.pictures is None:
        return ()
    return (_labels(report), _leaks(report), _copies(report), _outliers(report))


def _labels(report: Report) -> Pictures:
    issues = [each for each in report.quality.label_issues or () if each.item]
    groups = tuple(
        PictureGroup(
            (
                picture(
                    report,
                    each.item or "",
                    f"given as {format.value(each.given)}, suggested {format.value(each.suggested)}",
                ),
            ),
            f"{format.name(each.given)} → {format.name(each.suggested)}",
        )
        for each in issues[:MAX_SHOWN]
    )
    noun = "Numbers" if report.target.kind == "regression" else "Labels"
    return Pictures(
        groups,
        f"{noun} that look wrong",
        f"Given → suggested{_first(len(groups), len(issues), 'the most doubtful first')}.",
        LABELS,
    )


def _leaks(report: Report) -> Pictures:
    groups = tuple(
        PictureGroup(
            (
                picture(report, tested, "test image"),
                picture(report, trained, "training image that it looks like"),
            )
        )
        for tested, trained in leaked_pairs(report.quality)
    )
    return Pictures(
        groups,
        "Test images that look like training images",
        "A test image, then the training image"
        f"{_first(len(groups), report.quality.near_leakage.images, 'the first ones')}.",
        LEAKS,
    )


def _copies(report: Report) -> Pictures:
    near = report.quality.near_duplicates
    found = near if near.examples else report.quality.duplicates
    groups = tuple(
        PictureGroup(
            (picture(report, one, "image"), picture(report, other, "image that looks like a copy of it"))
        )
        for one, other in copied_pairs(report.quality)
    )
    return Pictures(
        groups,
        "Images that look like copies",
        f"Two images of each group{_first(len(groups), found.groups, 'the first groups')}.",
        COPIES,
    )


def _outliers(report: Report) -> Pictures:
    outliers = [each for each in report.quality.outliers if each.item]
    groups = tuple(
        PictureGroup(
            (picture(report, each.item or "", f"{format.value(each.label or 'image')}, unlike the others"),),
            format.name(each.label) if each.label else "",
        )
        for each in outliers[:MAX_SHOWN]
    )
    return Pictures(
        groups,
        "Images unlike the others",
        f"The farthest from all others{_first(len(groups), len(outliers), 'the farthest first')}.",
        OUTLIERS,
    )


def _first(shown: int, total: int | None, order: str) -> str:
    """Return how many of all are shown, and their order."""
    return f": {shown} of {total:,}, {order}" if total is not None and shown < total else ""
