import math
import re

import numpy as np
import pytest

from autotl.curve import crossover, crossover_sentence, forecast, gain_sentence
from autotl.errors import DataError

SIZES = np.array([26, 45, 79, 138, 240, 419])


def drawn(a, b, c, *, seed, n_val=1000, repeats=5, sizes=SIZES):
    """Return scores of a curve with error a + b·n^(-c), with other validation images in each repeat."""
    rng = np.random.default_rng(seed)
    error = np.clip(a + b * np.asarray(sizes) ** -float(c), 0, 1)
    each = n_val // repeats
    return 1 - rng.binomial(each, np.tile(error[:, None], (1, repeats))) / each


def curve(a=0.02, b=2.0, c=0.5, *, seed=0, n_val=1000, sizes=SIZES):
    return forecast(sizes, drawn(a, b, c, seed=seed, n_val=n_val, sizes=sizes), n_val, seed=seed)


@pytest.mark.parametrize(("a", "b", "c"), [(0.0, 1.5, 0.4), (0.1, 2.0, 0.6), (0.3, 1.5, 0.5)])
def test_intervals_have_about_their_nominal_coverage(a, b, c):
    held = []
    for seed in range(60):
        found = curve(a, b, c, seed=seed).at(1200)
        held.append(found.ci95[0] <= 1 - a - b * 1200**-c <= found.ci95[1])
    assert np.mean(held) >= 0.9


def test_a_forecast_within_the_points_is_near_the_measurements():
    found = curve()
    for size, score in zip(found.sizes, found.scores, strict=True):
        at = found.at(size)
        assert at.value == pytest.approx(score, abs=0.03)
        assert at.ci95[0] <= score <= at.ci95[1]


def test_the_interval_widens_with_the_distance():
    found = curve(0.1, 2.0, 0.5)
    widths = [high - low for low, high in (found.at(factor * 419).ci95 for factor in (1, 2, 4, 16))]
    assert widths == sorted(widths)
    assert widths[3] > 2 * widths[0]


def test_more_validation_images_narrow_the_interval():
    widths = [np.diff(curve(n_val=n).at(419).ci95)[0] for n in (200, 20_000)]
    assert widths[1] < widths[0] / 2


def test_a_gain_is_less_uncertain_than_its_scores():
    found = curve()
    gain = found.gain(200)
    assert gain.value == pytest.approx(found.at(619).value - found.at(419).value, abs=0.005)
    assert np.diff(gain.ci95) < np.diff(found.at(619).ci95)
    assert found.gain(0).ci95 == (0.0, 0.0)
    assert gain.ci95[0] >= 0  # more images never lower the score of a sampled curve


def test_a_gain_can_start_from_a_number_without_measurement():
    found = curve()
    both = found.gain(100), found.gain(200, since=519)
    assert found.gain(300).value == pytest.approx(sum(each.value for each in both), abs=0.003)
    assert gain_sentence(found, 200, since=519) != gain_sentence(found, 200)


def test_the_same_seed_gives_the_same_forecast():
    assert curve(seed=1).at(2000) == curve(seed=1).at(2000)


def test_the_images_needed_are_those_at_which_the_curve_reaches_the_score():
    found = curve()
    needed = found.needed(0.93)
    assert needed is not None
    assert found.at(needed.value).value == pytest.approx(0.93, abs=0.003)
    assert needed.ci95[0] < needed.value < needed.ci95[1]


def test_an_unreachable_score_has_no_number_of_images():
    assert curve(0.3, 2.0, 0.7).needed(0.99999) is None


def test_an_end_of_the_interval_can_be_infinite():
    found = curve(0.05, 2.0, 0.5)
    needed = found.needed(0.975)
    assert needed is None or math.isinf(needed.ci95[1])


def test_the_sentence_of_a_gain_is_in_points():
    said = gain_sentence(curve(0.02, 3.0, 0.5), 200)
    numbers = re.fullmatch(
        r"200 more images would give about \+(\d\.\d) points \((\d\.\d) to (\d\.\d)\)\.", said
    )
    assert numbers
    value, low, high = map(float, numbers.groups())
    assert low < value < high
    truth = 100 * 3 * (419**-0.5 - 619**-0.5)
    assert low <= truth <= high


def test_the_sentence_of_a_flat_curve_promises_no_gain():
    said = gain_sentence(forecast(SIZES, np.full((6, 5), 0.8), 1000, seed=0), 200)
    assert said.startswith("200 more images would give no measurable gain (0.0 to ")
    assert "-0.0" not in said


def test_the_sentence_of_an_uncertain_gain_promises_no_gain():
    scores = np.array([0.70, 0.79, 0.76, 0.78, 0.775, 0.80])[:, None]
    said = gain_sentence(forecast(SIZES, scores, 60, seed=0), 2000)
    assert "but possibly none (0.0 to" in said


def test_scores_of_1_leave_no_gain():
    found = forecast(SIZES, np.ones((6, 3)), 500, seed=0)
    assert 0.99 < found.at(1000).value <= 1
    assert "no measurable gain" in gain_sentence(found, 1000)


def test_one_repeat_is_enough():
    found = forecast(SIZES, drawn(0.02, 2.0, 0.5, seed=0, repeats=1), 1000, seed=0)
    low, high = found.at(1000).ci95
    assert low < 1 - 0.02 - 2 * 1000**-0.5 < high


def test_the_crossover_is_at_the_intersection_of_the_curves():
    transfer, scratch = curve(0.05, 0.5, 0.3, seed=1), curve(0.05, 6.0, 0.7, seed=2)
    truth = 12.0 ** (1 / 0.4)
    found = crossover(transfer, scratch)
    assert found is not None
    assert found.ci95[0] <= truth <= found.ci95[1]
    said = crossover_sentence(transfer, scratch)
    assert re.match(
        r"Training from scratch (would match|matches) transfer from about [\d,]+ images on \(", said
    )


def test_a_worse_curve_has_no_crossover():
    transfer, scratch = curve(0.02, 0.5, 0.3, seed=1), curve(0.3, 3.0, 0.5, seed=2)
    assert crossover(transfer, scratch) is None
    assert crossover_sentence(transfer, scratch) == (
        "Training from scratch would not match transfer within 100 times the data (42,000 images)."
    )


def test_a_better_curve_has_its_crossover_at_the_start():
    found = crossover(curve(0.3, 2.0, 0.6, seed=1), curve(0.01, 0.3, 0.5, seed=2))
    assert found is not None
    assert found.value == pytest.approx(26)


def test_invalid_points_are_an_error():
    with pytest.raises(DataError, match="3 or more rising sizes"):
        forecast(SIZES[:2], np.ones((2, 3)), 100, seed=0)
    with pytest.raises(DataError, match="3 or more rising sizes"):
        forecast(SIZES[::-1], np.ones((6, 3)), 100, seed=0)
    with pytest.raises(DataError, match="3 or more rising sizes"):
        forecast(SIZES, np.ones(6), 100, seed=0)
