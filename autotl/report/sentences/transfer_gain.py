"""Write sentences about the measured gain of transfer."""

from __future__ import annotations

from autotl.report import format
from autotl.report.document.report import Report
from autotl.report.document.when import TransferGain

_SIGNIFICANCE = {
    "helps": "The whole interval lies above zero: transfer helps on this data.",
    "hurts": "The whole interval lies below zero: transfer hurts on this data.",
    "no_measurable_difference": "The interval includes zero, so the difference is not significant.",
}


def transfer_gain(report: Report) -> list[str]:
    """Describe the gain, its interval, its significance and its number of trainings."""
    gain = report.when.transfer_gain
    if gain is None or gain.value is None:
        return ["The transfer gain was not measured, because no baseline was trained."]
    sentences = [
        _difference(report, gain, gain.value),
        _interval(report, gain),
        _significance(gain),
        _trainings(gain),
    ]
    return [each for each in sentences if each]


def _difference(report: Report, gain: TransferGain, value: float) -> str:
    measure = report.measure
    metric = format.metric(gain.metric) if gain.metric else measure.name
    images = f"On the same {format.count(gain.n, 'test image')}, " if gain.n else ""
    if measure.in_units:
        return f"{images}{_in_units(report, value)}" if images else format.sentence(_in_units(report, value))
    if not measure.percent:
        better = "higher" if measure.higher_is_better else "lower"
        text = f"transfer is {measure.gain(value)} better in {metric} than the best model without transfer"
        return format.sentence(f"{images}{text} ({better} is better)")
    if format.points(value) == "0.0":
        text = f"transfer and the best model without transfer have the same {metric}"
    else:
        side = "higher" if value > 0 else "lower"
        amount = format.points(abs(value))[1:]
        text = f"transfer scores {amount} points {side} in {metric} than the best model without transfer"
    return format.sentence(images + text)


def _in_units(report: Report, value: float) -> str:
    """The change of an error in the unit of the numbers."""
    measure, verb = report.measure, "lowers" if value >= 0 else "raises"
    if value == 0:
        return f"transfer and the best model without transfer have the same {measure.name}."
    return (
        f"transfer {verb} the {measure.name} by {measure.amount(value)}, compared with the best model "
        "without transfer."
    )


def _interval(report: Report, gain: TransferGain) -> str:
    interval = report.measure.between_gains(gain.ci95)
    return f"The 95% interval of this gain is {interval}." if interval else ""


def _significance(gain: TransferGain) -> str:
    """Whether the gain is significant; empty without an interval."""
    by_interval, found = format.effect(gain.ci95), format.effect(gain.ci95, gain.p)
    if found != by_interval:
        side = "above" if by_interval == "helps" else "below"
        return (
            f"The whole interval lies {side} zero, but a paired test on the same images is not significant "
            f"(p = {format.value(gain.p)})."
        )
    return _SIGNIFICANCE[found] if found else ""


def _trainings(gain: TransferGain) -> str:
    """How many networks the gain was measured with; empty if unknown."""
    if gain.trainings is None:
        return ""
    with_transfer, without = gain.trainings
    if (with_transfer, without) == (1, 1):
        return "Each side trained one network, so the interval assumes a variance between trainings."
    return (
        f"The gain is the mean over {format.count(with_transfer, 'network')} with transfer and "
        f"{format.count(without, 'network')} without. The interval includes the variance between trainings."
    )
