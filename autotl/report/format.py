"""Format numbers, names and intervals as plain English.

Names of strategies, backbones and classes are in `backticks`; each renderer converts the backticks.
"""

from __future__ import annotations

import math
import re
from calendar import month_name
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from autotl.evaluation.number_text import metric_name

Effect = Literal["helps", "no_measurable_difference", "hurts"]

Interval = tuple[float, float]

DASH = "–"
"""Text of a value that was not measured."""

EFFECTS: Mapping[str, str] = {
    "helps": "Transfer helps",
    "no_measurable_difference": "No measurable difference",
    "hurts": "Transfer hurts",
}


def measured(value: object) -> bool:
    """Whether the value is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def percent(value: float | None) -> str:
    """Format a fraction as a percentage: ``"91.3%"``; a dash for None."""
    return f"{100 * value:.1f}%".replace("-", "−") if value is not None and measured(value) else DASH


def points(value: float | None) -> str:
    """Format a difference in percentage points: ``"+4.8"``; a dash for None."""
    if value is None or not measured(value):
        return DASH
    text = f"{100 * value:+.1f}"
    return "0.0" if text in {"+0.0", "-0.0"} else text.replace("-", "−")


def ends(ci95: object) -> Interval | None:
    """Return an interval; None unless it has two finite ends."""
    if (
        isinstance(ci95, Sequence)
        and not isinstance(ci95, str)
        and len(ci95) == 2
        and all(map(measured, ci95))
    ):
        return float(ci95[0]), float(ci95[1])
    return None


def between_points(ci95: Interval | None) -> str:
    """Format an interval of differences in points; empty for None.

    >>> between_points((0.012, 0.084))
    'between +1.2 and +8.4 points'
    """
    return f"between {points(ci95[0])} and {points(ci95[1])} points" if ci95 else ""


def span(ci95: Interval | None) -> str:
    """Format an interval for tables: ``"88.1 – 93.9%"``; dash for None."""
    return f"{percent(ci95[0])[:-1]} – {percent(ci95[1])}" if ci95 else DASH


def effect(ci95: Interval | None, p: float | None = None) -> Effect | None:
    """Classify a gain by its interval and p-value.

    A gain helps or hurts if its interval excludes zero and ``p``, if given, is below 0.05. None without an
    interval.
    """
    if ci95 is None:
        return None
    if p is not None and p >= 0.05:
        return "no_measurable_difference"
    return "helps" if ci95[0] > 0 else "hurts" if ci95[1] < 0 else "no_measurable_difference"


def name(text: object) -> str:
    """Put a name in backticks, on one line; backticks inside become apostrophes."""
    return "`" + (" ".join(str("" if text is None else text).replace("`", "'").split()) or "?") + "`"


def count(amount: float | None, noun: str, plural: str = "") -> str:
    """Format a count with its noun: ``"1 image"``, ``"1,204 images"``.

    Args:
        amount: The count; None if unknown.
        noun: The noun for 1.
        plural: The noun otherwise; by default with an "s".
    """
    if amount is None or not measured(amount):
        return f"an unknown number of {plural or noun + 's'}"
    return f"{amount:,.0f} {noun if amount == 1 else plural or noun + 's'}"


def listing(items: Iterable[str], *, limit: int = 6) -> str:
    """Join at most ``limit`` items: ``"a, b and 12 more"``."""
    every = list(items)
    if len(every) > limit:
        every = [*every[: limit - 1], f"{len(every) - limit + 1:,} more"]
    return f"{', '.join(every[:-1])} and {every[-1]}" if len(every) > 1 else "".join(every)


def value(thing: Any) -> str:
    """Format a setting or a quantity; a dash for None.

    >>> value(0.0003), value(True), value([224, 160])
    ('0.0003', 'yes', '224 × 160')
    """
    if thing is None:
        return DASH
    if isinstance(thing, bool):
        return "yes" if thing else "no"
    if isinstance(thing, float):
        return f"{thing:.4g}".replace("-", "−") if math.isfinite(thing) else DASH
    if isinstance(thing, int):
        return f"{thing:,}".replace("-", "−")
    if isinstance(thing, Mapping):
        return ", ".join(f"{key} {value(inner)}" for key, inner in thing.items()) or "none"
    if isinstance(thing, list | tuple):
        joint = " × " if len(thing) == 2 and all(map(measured, thing)) else ", "
        return joint.join(map(value, thing)) or "none"
    return " ".join(str(thing).split())


def large(amount: float | None) -> str:
    """Format a large count: ``"2.2 million"``, ``"83 thousand"``; a dash for None."""
    if amount is None or not measured(amount):
        return DASH
    for size, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if amount >= size:
            digits = 1 if amount < 100 * size else 0
            return f"{amount / size:.{digits}f}".removesuffix(".0") + f" {word}"
    return f"{amount:,.0f}"


def moment(iso: str | None) -> str:
    """Format an ISO 8601 time: ``"20 November 2025, 23:59 UTC"``.

    Other text is returned unchanged.
    """
    try:
        at = datetime.fromisoformat(str(iso or ""))
    except ValueError:
        return value(iso or "")
    return f"{at.day} {month_name[at.month]} {at.year}, {at:%H:%M} {at.tzname() or ''}".strip()


def metric(text: str | None) -> str:
    """Format a metric's name: "balanced accuracy" for ``"balanced_accuracy"``; "accuracy" for None."""
    return " ".join(metric_name(str(text)).split()) if text else "accuracy"


_CODE = re.compile(r"`|[a-z][a-z0-9]*[_./:-]?[0-9_]")
"""The beginning of a name in code: a word with an underscore or a digit."""


def sentence(text: object) -> str:
    """Add a capital letter and a full stop; empty text stays empty.

    A name in code, such as ``scratch_small``, stays as it is written.
    """
    flat = " ".join(str(text or "").split())
    if not flat:
        return ""
    flat = flat if _CODE.match(flat) else flat[0].upper() + flat[1:]
    return flat if flat[-1] in ".!?…" else flat + "."


def mark_names(sentence: str, *names: str | None) -> str:
    """Put these names in backticks wherever the sentence has them."""
    for each in filter(None, names):
        sentence = re.sub(rf"(?<![\w.`-]){re.escape(each)}(?![\w`-])", lambda found: name(found[0]), sentence)
    return sentence
