"""Render the profile of data as one self-contained page."""

from __future__ import annotations

import autotl
from autotl.modalities import worded
from autotl.report import format
from autotl.report.document.report import Report
from autotl.report.render.html import page_blocks, page_script, rendered
from autotl.report.section import KeyNumber
from autotl.report.sections.profile import expected_winner, profile_sections

UNKNOWN = "The data before training."


def profile_page(profile: Report, *, name: str) -> str:
    """Render a profile as a page in the look of the report.

    The page fetches nothing.

    Args:
        profile: The parsed result of :func:`autotl.analyze`.
        name: The name of the data.
    """
    return rendered(
        "profile.html.j2",
        version=autotl.__version__,
        name=format.value(name),
        headline=_headline(profile),
        numbers=_numbers(profile),
        blocks=page_blocks(profile_sections(profile)),
        **page_script("report.js"),
    )


def _headline(profile: Report) -> str:
    advice = format.sentence(profile.when.rule_of_thumb.sentence)
    return worded(expected_winner(profile) or advice or UNKNOWN, profile.inputs.noun)


def _numbers(profile: Report) -> list[KeyNumber]:
    when, words = profile.when, profile.words
    smallest = "" if when.min_per_class is None else f"{when.min_per_class:,} in the smallest class"
    found = [
        ("training images", when.n_train, smallest if profile.target.kind == "single_label" else ""),
        ("test images, held out first", when.n_test, ""),
        (words.several, when.n_classes, ""),
        (f"{profile.inputs.unit}, the {profile.inputs.size}", when.image_side, ""),
    ]
    return [
        KeyNumber(worded(label, profile.inputs.noun), format.value(amount), detail)
        for label, amount, detail in found
        if amount is not None
    ]
