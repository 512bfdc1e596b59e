"""Write sentences about the final model: ensemble, model soup, test-time augmentation, calibration."""

from __future__ import annotations

from autotl.evaluation.number_text import significant
from autotl.report import format
from autotl.report.document.model import Ensemble, Soup
from autotl.report.document.report import Report


def final_model(report: Report) -> list[str]:
    """Describe ensembling, averaging and calibration of the chosen network."""
    sentences = [ensemble(report), _soup(report), _tta(report), _temperature(report), _intervals(report)]
    return [each for each in sentences if each]


def ensemble(report: Report) -> str:
    """Describe the ensemble or its rejection; empty if not requested."""
    facts = report.how.ensemble
    if facts is None:
        return ""
    limits = f" With further networks, {facts.beyond}." if facts.beyond else ""
    return _ensemble(report, facts) + limits


def _ensemble(report: Report, facts: Ensemble) -> str:
    if not facts.trials:
        return f"An ensemble was requested, but none was kept: {facts.why}."
    over = "the model soup" if facts.over == "soup" else "the chosen trial"
    images = format.count(facts.images, "validation image")
    gain = f"The gain over {over} on {images} is {_gain(report, facts.gain, facts.se)}"
    if not facts.kept:
        listed = format.listing(map(str, facts.trials), limit=12)
        return f"An ensemble of trials {listed} was not kept: {facts.why}. {gain}."
    known = {trial.number: trial for trial in report.trials}
    members = []
    for number, share in zip(facts.trials, facts.shares, strict=False):
        trial = known.get(number)
        arm = f"{format.name(trial.strategy)} on {format.name(trial.backbone)}, " if trial else ""
        members.append(f"trial {number} ({arm}{format.percent(share)})")
    listed = format.listing(members, limit=12)
    predictions = "numbers" if report.target.kind == "regression" else "probabilities"
    return f"The final model is an ensemble, the weighted mean of the {predictions} of {listed}. {gain}."


def _soup(report: Report) -> str:
    soup = report.how.soup
    if soup.kept:
        gain = f"The gain over the chosen trial on validation images is {_gain(report, soup.gain, soup.se)}."
        return f"{_averaged(soup)}. {gain}{_refused_interpolation(soup)}"
    interpolation = "interpolation with the pretrained network (WiSE-FT)"
    if soup.tried > 1:
        also = f" and an {interpolation}" if soup.share_tried else ""
        networks = format.count(soup.tried, "network")
        return f"Model soups of {networks}{also} were tried, none was kept: {soup.why}."
    return f"An {interpolation} was tried, but not kept: {soup.why}." if soup.share_tried else ""


def _tta(report: Report) -> str:
    """Describe the mean over mirror images or its rejection; empty if not requested."""
    facts = report.how.tta
    if facts is None:
        return ""
    if facts.gain is None:
        return format.sentence(f"Test-time augmentation was requested, but not tried: {facts.why}")
    images = format.count(facts.images, "validation image")
    gain = f"The gain over a single pass on {images} is {_gain(report, facts.gain, facts.se)}."
    if not facts.kept:
        return f"Test-time augmentation was tried, but not kept: {facts.why}. {gain}"
    return (
        f"The final model averages its outputs over an image and its mirror image, so a prediction takes "
        f"twice the time. {gain} Exported files use a single pass, and may score less."
    )


def _refused_interpolation(soup: Soup) -> str:
    if soup.pretrained_share or not soup.share_tried:
        return ""
    return (
        " The soup's interpolation with the pretrained network (WiSE-FT) was tried, but not kept: "
        "it does not beat the soup in validation by more than the standard error."
    )


def _averaged(soup: Soup) -> str:
    """Describe whose weights the final model averages, without the full stop."""
    trials, share = format.listing(map(str, soup.trials), limit=12), soup.pretrained_share or 0.0
    source = f"the pretrained network with the linear probe's head ({format.percent(share)})"
    if len(soup.trials) == 1:
        own = f"trial {trials} ({format.percent(1 - share)})"
        return f"The final model is an interpolation (WiSE-FT), the mean of the weights of {own} and {source}"
    averaged = f"The final model is a model soup: the averaged weights of trials {trials}"
    return f"{averaged}, interpolated with {source} as in WiSE-FT" if share else averaged


def _temperature(report: Report) -> str:
    found = report.how.temperature
    if found.kept and found.value is not None:
        effect = "less" if found.value > 1 else "more"
        return (
            f"Temperature scaling by {found.value:.2f}, fitted on validation images, makes the probabilities "
            f"{effect} confident; predictions do not change."
        )
    return f"The probabilities are not rescaled by a temperature: {found.why}." if found.why else ""


def _intervals(report: Report) -> str:
    """Describe the prediction intervals of numbers; empty for other targets."""
    found = report.how.intervals
    if found is None:
        return ""
    if not found.half_widths:
        return format.sentence(f"There are no prediction intervals: {found.why}") if found.why else ""
    names = report.target.names or ("?",) * len(found.half_widths)
    widths = [
        f"± {significant(half)} for {format.name(name)}"
        for name, half in zip(names, found.half_widths, strict=False)
    ]
    share = format.percent(found.coverage).replace(".0%", "%")
    caution = f" {format.sentence(found.why)}" if found.why else ""
    return (
        f"Prediction intervals that hold {share} of the true numbers are {format.listing(widths)}, from the "
        f"errors on {format.count(found.n, 'validation image')}.{caution}"
    )


def _gain(report: Report, gain: float | None, se: float | None) -> str:
    measure = report.measure
    return f"{measure.gain(gain)} ± {measure.amount(se or 0.0)} (standard error)"
