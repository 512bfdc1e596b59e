"""Build the top of the report: outcome, warnings, key numbers and notes."""

from __future__ import annotations

from autotl.clock import format_duration
from autotl.report import format
from autotl.report.document.report import Report
from autotl.report.head.faults import faults
from autotl.report.head.headline import extremes, headline
from autotl.report.section import KeyNumber, Summary
from autotl.report.sections.place import decision
from autotl.report.sections.test import leaked_images
from autotl.report.sentences.contributions import contributions
from autotl.report.wording import summary_about


def summary(report: Report) -> Summary:
    """Build the top of the report."""
    gain, transfer = report.when.transfer_gain, report.verdict.transfer
    outcome = transfer if gain is not None and gain.value is not None and transfer in format.EFFECTS else None
    found = Summary(
        name=format.value(report.name or "Transfer report"),
        created=format.moment(report.created),
        version=format.value(report.environment.get("autotl") or ""),
        outcome=outcome or "unmeasured",
        badge=format.EFFECTS[outcome] if outcome else "Transfer gain not measured",
        headline=headline(report),
        extremes=extremes(report),
        verdict=verdict(report),
        warnings=warnings(report),
        faults=faults(report, leaked_images(report.quality)),
        delivered=delivered(report),
        numbers=tuple(key_numbers(report)),
        notes=tuple(filter(None, [*contributions(report), decision(report), *_notes(report)])),
    )
    return summary_about(found, report.inputs.noun)


def _notes(report: Report) -> list[str]:
    return [format.sentence(each) for each in report.notes]


def verdict(report: Report) -> str:
    """Return the verdict, or a sentence from the numbers."""
    found = report.verdict
    if own := format.sentence(found.sentence):
        return own if "`" in own else format.mark_names(own, found.strategy, found.backbone)
    if not found.strategy:
        return "This run has no verdict yet."
    outcome, score = format.EFFECTS.get(found.transfer or ""), report.test.value
    arm = " on ".join(format.name(each) for each in (found.strategy, found.backbone) if each)
    measure = report.measure
    result = (
        " won" if score is None else f" reaches {measure.value(score)} test {measure.name}{measure.remark}"
    )
    return f"{outcome}: {arm}{result}." if outcome else f"{arm}{result}."


def warnings(report: Report) -> tuple[str, ...]:
    """Return what makes the test score or the probabilities wrong."""
    return tuple(map(format.sentence, report.verdict.warnings))


def delivered(report: Report) -> str:
    """Return the final model with its test score; empty if unknown."""
    found = report.verdict
    return format.mark_names(format.sentence(found.delivered), found.strategy, found.backbone)


def caveat(report: Report) -> str:
    """Return the limits of the verdict without the warnings that it repeats."""
    text = report.verdict.caveat or ""
    for each in report.verdict.warnings:
        text = text.replace(each, "")
    return format.sentence(text)


def key_numbers(report: Report) -> list[KeyNumber]:
    """Return the three or four most important numbers."""
    when, cost = report.when, report.cost
    numbers = [*_score(report), *_gain(report)]
    if when.n_train is not None:
        classes = format.count(when.n_classes, report.words.one, report.words.several)
        into = "in" if report.target.kind == "single_label" else "with"
        numbers.append(KeyNumber("training images", f"{when.n_train:,}", f"{into} {classes}"))
    if cost.seconds is not None:
        trials = report.search.trials
        detail = format.count(trials, "trial") if trials else ""
        numbers.append(KeyNumber("total time", format_duration(cost.seconds), detail))
    return numbers


def _score(report: Report) -> list[KeyNumber]:
    test, measure = report.test, report.measure
    if test.value is None:
        return []
    label = f"test {measure.name}{measure.remark}"
    return [KeyNumber(label, measure.value(test.value), measure.between(test.ci95))]


def _gain(report: Report) -> list[KeyNumber]:
    gain, measure, majority = report.when.transfer_gain, report.measure, report.test.always_majority
    if gain is not None and gain.value is not None:
        label = "points over" if measure.percent else f"better in {measure.name} than"
        return [
            KeyNumber(
                f"{label} the best model without transfer",
                measure.gain(gain.value),
                measure.between_gains(gain.ci95),
            )
        ]
    if majority is not None and report.target.kind != "single_label":
        return [KeyNumber("constant prediction", measure.value(majority), f"by {measure.name}")]
    if measure.percent and majority is not None:
        detail = f"the largest class is {format.percent(majority)} of the test images"
        return [KeyNumber("majority-class baseline", format.percent(majority), detail)]
    return []
