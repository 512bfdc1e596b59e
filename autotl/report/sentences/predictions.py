"""Write sentences about the rule of thumb and past runs."""

from __future__ import annotations

from autotl.report import format
from autotl.report.document.report import Report
from autotl.report.document.when import When


def rule_of_thumb(report: Report) -> list[str]:
    """Describe the rule of thumb and whether the result agrees with it."""
    advice, agreed = report.when.rule_of_thumb.advice, report.when.rule_agreed
    sentences = [format.sentence(report.when.rule_of_thumb.sentence)]
    if agreed is not None and advice:
        sentences.append(_agreement(report, advice, agreed=agreed))
    return [each for each in sentences if each]


def _agreement(report: Report, advice: str, *, agreed: bool) -> str:
    if agreed:
        return f"The result agrees with the rule of thumb ({format.name(advice)})."
    if advice != report.how.strategy:
        return (
            f"The result disagrees with the rule of thumb: {format.name(advice)} was advised, "
            "but another strategy scored higher."
        )
    frozen = "has frozen stages" if report.what.frozen_stages else "has no frozen stage"
    return (
        f"The result agrees with the rule of thumb on {format.name(advice)} but not on freezing: "
        f"the best model {frozen}."
    )


def experience(when: When) -> str:
    """Describe the prediction of past runs; empty without past runs."""
    facts = when.experience
    if not facts.predicted:
        return ""
    winner = format.name(facts.predicted)
    if facts.probability is not None:
        winner += f" (probability {format.percent(facts.probability)})"
    if facts.agreed is None:
        outcome = f"The predicted winner is {winner}."
    elif facts.agreed:
        outcome = f"The predicted winner was {winner}, and it won."
    else:
        outcome = f"The predicted winner was {winner}, but another strategy scored higher."
    return f"{format.sentence(facts.evidence)} {outcome}".strip()
