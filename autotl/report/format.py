"""Numbers, names and intervals in plain English, for every form of the report and the terminal.

Names of things (strategies, backbones, classes) stand in `backticks`; each form renders those its own way.
"""

from __future__ import annotations

import math
from calendar import month_name
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

Effect = Literal["helps", "no_measurable_difference", "hurts"]

DASH = "–"
"""Stands where nothing was measured."""

EFFECTS: Mapping[str, str] = {
    "helps": "Transfer helps",
    "no_measurable_difference": "No measurable difference",
    "hurts": "Transfer hurts",
}


def measured(value: object) -> bool:
    """Whether ``value`` is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def percent(value: float | None) -> str:
    """A fraction as a percentage: ``"91.3%"``; a dash where it was not measured."""
    return f"{100 * value:.1f}%".replace("-", "−") if value is not None and measured(value) else DASH


def points(value: float | None) -> str:
    """A difference of fractions in signed percentage points, without the unit: ``"+4.8"``, ``"−0.3"``."""
    if value is None or not measured(value):
        return DASH
    text = f"{100 * value:+.1f}"
    return "0.0" if text in {"+0.0", "-0.0"} else text.replace("-", "−")


def ends(ci95: object) -> tuple[float, float] | None:
    """The two ends of an interval, or None where it was not measured."""
    if (
        isinstance(ci95, Sequence)
        and not isinstance(ci95, str)
        and len(ci95) == 2
        and all(map(measured, ci95))
    ):
        return float(ci95[0]), float(ci95[1])
    return None


def between(ci95: object) -> str:
    """An interval of fractions in words: ``"between 88.1% and 93.9%"``; empty where not measured."""
    pair = ends(ci95)
    return f"between {percent(pair[0])} and {percent(pair[1])}" if pair else ""


def between_points(ci95: object) -> str:
    """An interval of differences in words: ``"between +1.2 and +8.4 points"``; empty where not measured."""
    pair = ends(ci95)
    return f"between {points(pair[0])} and {points(pair[1])} points" if pair else ""


def span(ci95: object) -> str:
    """An interval of fractions as a table shows it: ``"88.1 – 93.9%"``; a dash where not measured."""
    pair = ends(ci95)
    return f"{percent(pair[0])[:-1]} – {percent(pair[1])}" if pair else DASH


def effect(ci95: object, p: object = None) -> Effect | None:
    """What the interval of a gain means: helping or hurting needs all of it on one side of zero, and ``p``,
    where it was measured, below .05.
    """
    pair = ends(ci95)
    if pair is None:
        return None
    if isinstance(p, int | float) and p >= 0.05:
        return "no_measurable_difference"
    return "helps" if pair[0] > 0 else "hurts" if pair[1] < 0 else "no_measurable_difference"


def name(text: object) -> str:
    """A name of something, marked as such: backticks around it, none inside, on one line."""
    return "`" + (" ".join(str("" if text is None else text).replace("`", "'").split()) or "?") + "`"


def count(amount: float | None, noun: str, plural: str = "") -> str:
    """A number of things: ``"1 image"``, ``"1,204 images"``, ``"2 classes"``."""
    if amount is None or not measured(amount):
        return f"an unknown number of {plural or noun + 's'}"
    return f"{amount:,.0f} {noun if amount == 1 else plural or noun + 's'}"


def listing(items: Iterable[str], *, limit: int = 6) -> str:
    """Items as a sentence lists them: ``"a, b and c"``; beyond ``limit``, ``"a, b and 12 more"``."""
    every = list(items)
    if len(every) > limit:
        every = [*every[: limit - 1], f"{len(every) - limit + 1:,} more"]
    return f"{', '.join(every[:-1])} and {every[-1]}" if len(every) > 1 else "".join(every)


def value(thing: Any) -> str:
    """A setting or a measured quantity of any kind, short: ``"0.0003"``, ``"yes"``, ``"224 × 160"``."""
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
    """A large count in words: ``"2.2 million"``, ``"83 thousand"``."""
    if amount is None or not measured(amount):
        return DASH
    for size, word in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if amount >= size:
            digits = 1 if amount < 100 * size else 0
            return f"{amount / size:.{digits}f}".removesuffix(".0") + f" {word}"
    return f"{amount:,.0f}"


def moment(iso: str | None) -> str:
    """A point in time as people write it: ``"20 November 2025, 23:59 UTC"``; anything else as given."""
    try:
        at = datetime.fromisoformat(str(iso or ""))
    except ValueError:
        return value(iso or "")
    return f"{at.day} {month_name[at.month]} {at.year}, {at:%H:%M} {at.tzname() or ''}".strip()


def metric(text: str | None) -> str:
    """A metric's name as people say it: ``"balanced_accuracy"`` is "balanced accuracy"."""
    return " ".join(str(text).replace("_", " ").split()) if text else "accuracy"


def sentence(text: object) -> str:
    """``text`` with a capital letter and a full stop, on one line; empty stays empty."""
    flat = " ".join(str(text or "").split())
    if not flat:
        return ""
    flat = flat if flat[0] == "`" else flat[0].upper() + flat[1:]
    return flat if flat[-1] in ".!?…" else flat + "."


def gain(report_gain: Mapping[str, Any] | None) -> str:
    """The transfer gain (``when.transfer_gain`` of a report) as one sentence; says so where there is none."""
    if not report_gain or not measured(report_gain.get("value")):
        return "The gain of transfer was not measured, because no baseline was trained."
    amount = float(report_gain["value"])
    about = metric(report_gain.get("metric"))
    images = f"On the same {count(report_gain['n'], 'test image')}, " if report_gain.get("n") else ""
    if points(amount) == "0.0":
        said = f"transfer scores as high in {about} as the best model without transfer"
    else:
        way = "higher" if amount > 0 else "lower"
        by = points(abs(amount))[1:]
        said = f"transfer scores {by} points {way} in {about} than the best model without it"
    interval = between_points(report_gain.get("ci95"))
    text = images + said + (f" (95% interval: {interval})." if interval else ".")
    return text[0].upper() + text[1:]


def trainings(gain: Mapping[str, Any]) -> str:
    """How many networks the gain was measured with, as a sentence; empty in a report that does not tell."""
    pair = gain.get("trainings")
    if not isinstance(pair, Sequence) or len(pair) != 2:
        return ""
    if tuple(pair) == (1, 1):
        return "One network of each was trained; how much another would differ is assumed, in the interval."
    return (
        f"It is the mean over {count(pair[0], 'network')} that transferred and {count(pair[1], 'network')} "
        "that did not; the interval knows how much they differ."
    )


def meaning(gain: Mapping[str, Any]) -> str:
    """What the transfer gain allows one to say, in one sentence; empty where it was not measured."""
    ci95, p = gain.get("ci95"), gain.get("p")
    said = {
        "helps": "The whole interval lies above zero: transfer helps on this data.",
        "hurts": "The whole interval lies below zero: transfer hurts on this data.",
        "no_measurable_difference": "The interval includes zero: the two cannot be told apart.",
    }
    found = effect(ci95, p)
    if found != effect(ci95):
        side = "above" if effect(ci95) == "helps" else "below"
        return (
            f"The whole interval lies {side} zero, but a test on the same images cannot tell the two apart "
            f"(p = {value(p)})."
        )
    return said[found] if found else ""
