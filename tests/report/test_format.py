import pytest

from autotl.report import format
from autotl.report.metric_format import ACCURACY


def test_percentages_have_one_decimal_and_a_real_minus():
    assert [format.percent(x) for x in (0.913, 1.0, -0.021, None, float("nan"))] == [
        "91.3%",
        "100.0%",
        "−2.1%",
        "–",
        "–",
    ]


def test_points_are_signed_but_zero_is_not():
    assert [format.points(x) for x in (0.048, -0.003, 0.0, -0.0001, None)] == [
        "+4.8",
        "−0.3",
        "0.0",
        "0.0",
        "–",
    ]


def test_intervals_are_words():
    assert ACCURACY.between((0.881, 0.939)) == "between 88.1% and 93.9%"
    assert format.between_points((0.012, 0.084)) == "between +1.2 and +8.4 points"
    assert format.span((0.881, 0.939)) == "88.1 – 93.9%"


@pytest.mark.parametrize("missing", [None, [], [0.1], [0.1, None], "ab", [float("nan"), 1.0]])
def test_an_interval_has_two_finite_ends(missing):
    assert format.ends(missing) is None
    assert format.ends([0.1, 0.2]) == (0.1, 0.2)


def test_a_missing_interval_is_empty_or_a_dash():
    assert ACCURACY.between(None) == format.between_points(None) == ""
    assert format.span(None) == "–"
    assert format.effect(None) is None


@pytest.mark.parametrize(
    ("ci95", "expected"),
    [
        ((0.01, 0.08), "helps"),
        ((-0.08, -0.01), "hurts"),
        ((-0.01, 0.08), "no_measurable_difference"),
        ((0.0, 0.08), "no_measurable_difference"),
    ],
)
def test_only_an_interval_on_one_side_of_zero_is_an_effect(ci95, expected):
    assert format.effect(ci95) == expected


def test_an_interval_that_a_test_contradicts_is_no_effect():
    assert format.effect((0.01, 0.08), 0.0625) == "no_measurable_difference"
    assert format.effect((0.01, 0.08), 0.01) == "helps"


def test_lists_read_as_a_sentence():
    assert format.listing([]) == ""
    assert format.listing("a") == "a"
    assert format.listing("abc") == "a, b and c"
    assert format.listing(map(str, range(200)), limit=3) == "0, 1 and 198 more"


def test_a_name_cannot_leave_its_backticks():
    assert format.name("a`b\nc") == "`a'b c`"
    assert format.name("") == "`?`"


@pytest.mark.parametrize(
    ("thing", "expected"),
    [
        (None, "–"),
        (True, "yes"),
        (0.00031, "0.00031"),
        (1200, "1,200"),
        ([224, 160], "224 × 160"),
        (["a", "b"], "a, b"),
        ({"lr": 0.1, "mixup": False}, "lr 0.1, mixup no"),
    ],
)
def test_settings_are_short(thing, expected):
    assert format.value(thing) == expected


def test_counts_and_large_numbers_are_readable():
    assert format.count(1, "class", "classes") == "1 class"
    assert format.count(1204, "image") == "1,204 images"
    assert list(map(format.large, (830, 83_000, 2_230_277))) == ["830", "83 thousand", "2.2 million"]


def test_moments_are_dates_people_write():
    assert format.moment("2025-11-20T23:59:00+00:00") == "20 November 2025, 23:59 UTC"
    assert format.moment("yesterday") == "yesterday"
    assert format.moment(None) == ""


def test_a_sentence_has_a_capital_letter_unless_it_begins_with_a_name_in_code():
    assert format.sentence("the model  is small") == "The model is small."
    assert format.sentence("13 labels look wrong.") == "13 labels look wrong."
    for name in ("scratch_small", "resnet18", "mobilenetv3_small_100.lamb_in1k", "`a`"):
        assert format.sentence(f"{name} was skipped") == f"{name} was skipped."
    assert format.sentence("") == ""
