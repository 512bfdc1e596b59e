"""Arrange the contributions of additional images, and adaptations, in tables."""

from __future__ import annotations

from collections.abc import Sequence

from autotl.api import ROLES
from autotl.leaderboard.render.findings import Findings
from autotl.leaderboard.render.metric_text import measure_named
from autotl.leaderboard.stats.additional import AdaptationSummary, ContributionSummary
from autotl.report.format import DASH, count, name
from autotl.report.section import Table

TITLE = "What additional images contributed"
PLACE_TITLE = "Adaptation to the place of use"
ANSWERS = {"helps": "helps", "no_measurable_difference": "no difference", "hurts": "hurts"}
"""The headings of the answers' columns."""


def contributions(found: Findings) -> Table:
    """Return a row for each case and role.

    It has the mean gain over seeds, and the number of each answer.
    """
    several = len({each.entrant for each in found.contributions}) > 1
    unmeasured = any(each.unmeasured for each in found.contributions)
    headings = (
        "data set",
        *(["entrant"] if several else []),
        "images",
        "strategy with them",
        "compared with",
        "mean gain",
        "range",
        *ANSWERS.values(),
        *(["not measured"] if unmeasured else []),
    )
    rows = tuple(
        (
            name(each.label),
            *([name(each.entrant)] if several else []),
            ROLES.get(each.role) or name(each.role),
            _names(each.strategies),
            _names(each.counterparts),
            *_gains(each),
            *(str(each.answers.get(answer, 0)) for answer in ANSWERS),
            *([str(each.unmeasured)] if unmeasured else []),
        )
        for each in found.contributions
    )
    return Table(headings, rows, frozenset(range(headings.index("mean gain"), len(headings))))


def adaptations(found: Findings) -> Table:
    """Return a row for each case.

    It has the chosen adaptations, and the true scores with and without them.
    """
    several = len({each.entrant for each in found.adaptations}) > 1
    headings = (
        "data set",
        *(["entrant"] if several else []),
        "chosen",
        "unadapted",
        "delivered",
        "gain of adapting",
        "seeds",
    )
    rows = tuple(
        (
            name(each.label),
            *([name(each.entrant)] if several else []),
            _choices(each),
            *_scores(each),
            str(each.seeds),
        )
        for each in found.adaptations
    )
    return Table(headings, rows, frozenset(range(headings.index("unadapted"), len(headings))))


def sentences(found: Findings) -> list[str]:
    """Explain how the gains were measured; empty without any."""
    if not found.contributions:
        return []
    return [
        "The report of each run compares the best trial that learns from the images with that of its "
        "counterpart without them, on the test images.",
        "Means and ranges are over the seeds; a range is no interval. The answers are counted over the runs. "
        '"No difference" means none that could be measured.',
    ]


def place_sentences(found: Findings) -> list[str]:
    """Explain the true scores of adaptations; empty without any."""
    if not found.adaptations:
        return []
    return [
        "Scores are means over the seeds, on labelled images of the place of use that did not decide.",
        "The unadapted model and both models of the gain are those of the first fold. The delivered one may "
        "have been trained again on all images.",
    ]


def _names(names: Sequence[str]) -> str:
    return ", ".join(map(name, names)) or DASH


def _gains(each: ContributionSummary) -> tuple[str, str]:
    """Return the mean gain with its unit, and the range."""
    if each.gain is None:
        return DASH, DASH
    measure = measure_named([each.metric])
    low, high = measure.gain(each.lowest), measure.gain(each.highest)
    return f"{measure.gain(each.gain)}{measure.unit}", low if low == high else f"{low} to {high}"


def _choices(each: AdaptationSummary) -> str:
    """Return the chosen adaptations, with their seeds if they differ."""
    texts = [(name(chosen) if chosen else "none", seeds) for chosen, seeds in each.chosen]
    if len(texts) == 1:
        return texts[0][0]
    return ", ".join(f"{text} ({count(seeds, 'seed')})" for text, seeds in texts)


def _scores(each: AdaptationSummary) -> tuple[str, str, str]:
    measure = measure_named([each.metric])
    gain = DASH if each.gain is None else f"{measure.gain(each.gain)}{measure.unit}"
    return measure.value(each.unadapted), measure.value(each.delivered), gain
