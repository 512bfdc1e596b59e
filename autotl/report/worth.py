"""Tell what searching was worth, and how far validation and test scores differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autotl.report import format, gap
from autotl.report.lookup import Report, at, rows, section
from autotl.report.metric_format import measure_of


def gained(report: Report) -> str:
    """What the search gained over the best default on the test images, in one sentence; empty in a report of
    no search.
    """
    facts = section(report, "search")
    if not facts:
        return ""
    worth = section(facts, "gain_over_best_default")
    value, pair = worth.get("value"), format.ends(worth.get("ci95"))
    if facts.get("winner_is_default"):
        return "The default was best: searching gained nothing."
    if value is None or not format.measured(value):
        return "What searching gained over the best default was not measured: no default was scored."
    measure = measure_of(report)
    if pair is None:
        return f"Search gained {measure.gain(value)}{measure.unit} over the best default."
    half = measure.amount((pair[1] - pair[0]) / 2)
    return (
        f"Search gained {measure.gain(value)} ± {half} over the best default "
        f"(95% interval on the test images: {measure.between_gains(pair)})."
    )


def flattered(report: Report) -> str:
    """By how much the chosen trial's validation score differs from its test score, and what explains it;
    empty if that is not known.
    """
    facts = section(report, "search")
    value, pair = facts.get("optimism"), format.ends(facts.get("optimism_ci95"))
    if value is None or not format.measured(value):
        return ""
    measure = measure_of(report)
    flatters = value > 0
    side = "above" if flatters == measure.higher_is_better else "below"
    name = measure.name
    text = f"The chosen trial's validation {name} is {measure.amount(value)} {side} its test {name}"
    if pair is None:
        return text + "."
    low, high = pair if flatters else (-pair[1], -pair[0])
    text += f" (95% interval {measure.gain(low).lstrip('+')} to {measure.gain(high).lstrip('+')})."
    if low <= 0 <= high:
        return f"{text} The interval includes 0, so chance can explain this."
    return " ".join([text, *(gap.causes(section(facts, "optimism_reasons"), measure) if flatters else ())])


def together(report: Report) -> str:
    """Which trials' networks answer together, or why none do, in a sentence or two; empty where that was not
    asked for.
    """
    facts = section(report, "how", "ensemble")
    if not facts:
        return ""
    refused = f" With further networks, {facts['beyond']}." if facts.get("beyond") else ""
    return _together(report, facts) + refused


def _together(report: Report, facts: Mapping[str, Any]) -> str:
    measure = measure_of(report)
    numbers = rows(facts, "trials")
    if not numbers:
        return f"An ensemble was asked for, and none is delivered: {facts.get('why')}."
    against = "the average of weights" if facts.get("over") == "soup" else "the chosen trial"
    by = (
        f"on {format.count(facts.get('images'), 'validation image')} it scores "
        f"{measure.gain(facts.get('gain'))} ± {measure.amount(facts.get('se') or 0)} against {against}, "
        "as gain and standard error"
    )
    if not facts.get("kept"):
        listed = format.listing([str(each) for each in numbers], limit=12)
        return f"An ensemble of trials {listed} is not delivered: {by}; {facts.get('why')}."
    known = {at(each, "number"): each for each in rows(report, "trials")}
    each = [
        f"trial {number} ({format.name(at(known.get(number), 'strategy'))} on "
        f"{format.name(at(known.get(number), 'backbone'))}, {format.percent(share)})"
        for number, share in zip(numbers, rows(facts, "shares"), strict=False)
    ]
    return (
        f"What is delivered is an ensemble, the weighted mean of the probabilities of "
        f"{format.listing(each, limit=12)}: {by}."
    )


def delivered(report: Report) -> list[str]:
    """What was done to the chosen network before it was delivered: ensembling, averaging and calibration."""
    how = section(report, "how")
    said = [text] if (text := together(report)) else []
    soup, cooled = section(how, "soup"), section(how, "temperature")
    if soup.get("kept"):
        numbers = format.listing([str(each) for each in rows(soup, "trials")], limit=12)
        measure = measure_of(report)
        by = f"{measure.gain(soup.get('gain'))} ± {measure.amount(soup.get('se') or 0)}"
        said.append(
            f"What is delivered is the average of the weights of trials {numbers} (a model soup): on "
            f"validation images it scores {by} against the chosen trial, as gain and standard error."
        )
    elif soup.get("tried", 0) > 1:
        said.append(
            f"Averages of weights were tried with {format.count(soup['tried'], 'network')}; none was kept: "
            f"{soup.get('why')}."
        )
    value = cooled.get("value")
    if cooled.get("kept") and value is not None and format.measured(value):
        sure = "less sure of itself" if value > 1 else "surer of itself"
        said.append(
            f"Its scores were divided by the temperature {value:.2f}, found on validation images: "
            f"it is {sure} now, and no answer changes."
        )
    elif cooled.get("why"):
        said.append(f"Its stated confidence was left as it was learned: no temperature, {cooled['why']}.")
    return said
