"""Check forecasts of longer trainings from shorter ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from autotl.curve import TrainingForecast, TrainingPoint, forecast_training
from autotl.curve.training import EXPONENT, EXPONENT_SPREAD, MISFIT_SD


def law(epochs: float, *, floor: float, scale: float, exponent: float) -> float:
    """Return the error after a number of epochs; it is ``floor + scale`` after one."""
    return floor + scale * epochs**-exponent


def of(lengths: Sequence[int], *, se: float = 0.002, **told: float) -> TrainingForecast:
    return forecast_training([TrainingPoint(n, law(n, **told), se) for n in lengths])


def drawn(rng: np.random.Generator, *, longest: int) -> Callable[[float], float]:
    """Return a law drawn from the prior, as a function from epochs to the error."""
    exponent = EXPONENT * math.exp(EXPONENT_SPREAD * rng.normal())
    share, last = rng.uniform(0, 0.95), rng.uniform(0.05, 0.8)
    return lambda epochs: float(last * (share + (1 - share) * (epochs / longest) ** -exponent))


@pytest.mark.parametrize("floor", [0.0, 0.05, 0.2])
@pytest.mark.parametrize("exponent", [0.4, 0.7, 1.0])
def test_a_known_law_is_recovered(floor: float, exponent: float) -> None:
    told = {"floor": floor, "scale": 0.7, "exponent": exponent}
    found = of([4, 8, 16, 32], **told)
    for epochs in (32, 64, 128):
        truth, at = law(epochs, **told), found.at(epochs)
        assert at.ci95[0] <= truth <= at.ci95[1]
        assert at.value == pytest.approx(truth, abs=0.025)
    assert found.longest == 32


def test_a_forecast_for_the_longest_training_is_its_score() -> None:
    told = {"floor": 0.1, "scale": 0.6, "exponent": 0.7}
    at = of([8, 32], se=0.01, **told).at(32)
    assert at.value == pytest.approx(law(32, **told), abs=0.005)
    assert at.ci95 == pytest.approx((at.value - 0.0196, at.value + 0.0196), abs=0.006)


def test_one_training_gives_a_wide_interval_for_the_plateau() -> None:
    alone = forecast_training([TrainingPoint(10, 0.4, 0.01)])
    low, high = alone.remaining().ci95
    assert low < 0.05 < 0.3 < high <= 0.45
    more = of([2, 4, 8, 16, 32], floor=0.3, scale=0.6, exponent=1.0).remaining()
    assert more.ci95[1] - more.ci95[0] < 0.75 * (high - low)


def test_the_interval_widens_with_the_distance() -> None:
    found = of([8, 16], floor=0.1, scale=0.7, exponent=0.7)
    widths = [high - low for low, high in (found.at(n).ci95 for n in (16, 32, 128))]
    assert widths == sorted(widths)


def test_a_steep_curve_is_forecast_to_fall_further_than_a_flat_one() -> None:
    steep = forecast_training([TrainingPoint(5, 0.6, 0.005), TrainingPoint(20, 0.3, 0.005)])
    flat = forecast_training([TrainingPoint(5, 0.31, 0.005), TrainingPoint(20, 0.3, 0.005)])
    assert steep.at(80).value < 0.22
    assert flat.at(80).value > 0.27
    assert flat.remaining().value < steep.remaining().value


@pytest.mark.parametrize("lengths", [(8,), (8, 32), (4, 16, 40)])
def test_intervals_have_about_their_nominal_coverage(lengths: Sequence[int]) -> None:
    """Draw laws from the prior, with a tenth of noise on the errors of the same thousand images."""
    rng, held = np.random.default_rng(0), []
    while len(held) < 200:
        truth = drawn(rng, longest=lengths[-1])
        errors = [truth(n) * math.exp(MISFIT_SD * rng.normal() * (n != lengths[-1])) for n in lengths]
        if max(errors) > 1:  # errors cannot be larger, so the law does not apply to these lengths
            continue
        images = rng.random(
            1000
        )  # an image that is difficult for one training is mostly difficult for the others
        drawn_anew = rng.random((len(lengths), 1000)) < 0.25
        hard = np.where(drawn_anew, rng.random((len(lengths), 1000)), images)
        measured = (hard < np.array(errors)[:, None]).mean(1)
        se = np.sqrt(measured * (1 - measured) / 1000 + 1e-6)
        found = forecast_training([TrainingPoint(*each) for each in zip(lengths, measured, se, strict=True)])
        low, high = found.at(4 * lengths[-1]).ci95
        held.append(low <= truth(4 * lengths[-1]) <= high)
    assert np.mean(held) >= 0.9


def test_an_interval_excludes_impossible_errors() -> None:
    """Check that a training of ten epochs with error 0.4 does not reach 0.05 in another epoch."""
    low, high = forecast_training([TrainingPoint(10, 0.4, 0.01)]).at(11).ci95
    assert 0.33 < low < high < 0.43


def test_the_probability_of_an_error_agrees_with_the_interval() -> None:
    found = of([8, 16], floor=0.1, scale=0.7, exponent=0.7)
    at = found.at(64)
    assert found.probability_below(at.value, epochs=64) == pytest.approx(0.5, abs=0.05)
    assert found.probability_below(at.ci95[0] - 1e-6, epochs=64) <= 0.025
    assert found.probability_below(at.ci95[1] + 1e-6, epochs=64) >= 0.975
    chances = [found.probability_below(at.value, epochs=epochs) for epochs in (16, 32, 64, 128)]
    assert chances == sorted(chances)


def test_the_order_of_the_trainings_does_not_matter() -> None:
    seen = [TrainingPoint(n, law(n, floor=0.1, scale=0.7, exponent=0.7), 0.01) for n in (4, 8, 16)]
    assert forecast_training(seen).at(50) == forecast_training(seen[::-1]).at(50)


def test_a_training_without_error_has_no_gain() -> None:
    found = forecast_training([TrainingPoint(4, 0.1, 0.0), TrainingPoint(8, 0.0, 0.0)])
    assert found.remaining().ci95 == (0.0, 0.0)
    assert found.at(100).value == 0.0


def test_a_log_loss_above_one_is_forecast_too() -> None:
    found = of([4, 8, 16, 32], floor=0.4, scale=3.0, exponent=0.7)
    assert found.at(128).value == pytest.approx(law(128, floor=0.4, scale=3.0, exponent=0.7), abs=0.08)


@pytest.mark.parametrize(
    "wrong",
    [[], [TrainingPoint(0, 0.1, 0.01)], [TrainingPoint(4, 0.1, 0.01), TrainingPoint(8, -0.1, 0.01)]],
)
def test_invalid_trainings_are_an_error(wrong: list[TrainingPoint]) -> None:
    with pytest.raises(ValueError, match="must have epochs above 0 and errors of at least 0"):
        forecast_training(wrong)
