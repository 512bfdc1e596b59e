"""Tell what stands beside the verdict: what is delivered, and what makes its numbers wrong."""

from __future__ import annotations

from autotl.report import format
from autotl.report.lookup import Report, at, rows, section
from autotl.report.naming import marked


def delivered(report: Report) -> str:
    """What is delivered, with its own test score; empty in a report that does not tell."""
    verdict = section(report, "verdict")
    said = format.sentence(verdict.get("delivered"))
    return marked(said, verdict.get("strategy"), verdict.get("backbone"))


def warnings(report: Report) -> list[str]:
    """What makes the test score or the stated confidence wrong, a sentence or two each."""
    return [format.sentence(each) for each in rows(report, "verdict", "warnings")]


def caveat(report: Report) -> str:
    """What else to know before the verdict is believed; empty if there is nothing."""
    said = str(at(report, "verdict", "caveat") or "")
    for each in rows(report, "verdict", "warnings"):
        said = said.replace(str(each), "")
    return format.sentence(said)


def leaked(report: Report) -> tuple[int, int]:
    """How many test images are known copies of training images, and how many were compared."""
    if at(report, "quality", "cleaned", "mode") in {"drop", "weight"}:
        return 0, 0
    found = [(0, 0)]
    for kind, of in (("near_leakage", "compared"), ("leakage", "of")):
        images, compared = at(report, "quality", kind, "images"), at(report, "quality", kind, of)
        if format.measured(images) and format.measured(compared):
            found.append((int(images), int(compared)))
    return max(found, key=lambda each: each[0] / max(1, each[1]))
