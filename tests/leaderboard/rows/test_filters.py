import pytest

from autotl.errors import BenchError, UnknownName
from autotl.leaderboard import filter_rows
from autotl.leaderboard.rows.filters import block_properties, describe, distance_name, size_name


@pytest.mark.parametrize(
    ("images", "name"),
    [
        (1, "tiny"),
        (199, "tiny"),
        (200, "small"),
        (999, "small"),
        (1000, "medium"),
        (4999, "medium"),
        (5000, "large"),
    ],
)
def test_sizes(images, name):
    assert size_name(images) == name


@pytest.mark.parametrize(
    ("likeness", "name"),
    [
        (1.0, "near"),
        (0.66, "near"),
        (0.659, "middle"),
        (0.33, "middle"),
        (0.329, "far"),
        (0.0, "far"),
        (None, "unknown"),
    ],
)
def test_distances(likeness, name):
    assert distance_name(likeness) == name


def test_a_failed_row_has_the_size_and_likeness_of_its_block(row):
    rows = [row("a", likeness=0.9), row("b", None, likeness=None, n_train=0)]
    (found,) = block_properties(rows).values()
    assert (found.distance, found.size) == ("near", "small")
    assert filter_rows(rows, ["distance=near", "size=small"]) == rows


@pytest.mark.parametrize(
    ("filters", "datasets"),
    [
        (["size=tiny"], {"flowers5"}),
        (["distance=far"], {"eurosat", "histology"}),
        (["distance=unknown"], {"textures"}),
        (["dataset=pets37"], {"pets37"}),
        (["dataset=pets37", "dataset=flowers5"], {"pets37", "flowers5"}),
        (["distance=far", "size = small"], {"histology"}),
    ],
)
def test_filters_select_rows(suite, filters, datasets):
    assert {row.dataset for row in filter_rows(suite, filters)} == datasets


@pytest.mark.parametrize("budget", ["60", "1m", "60.0"])
def test_a_budget_may_be_written_as_a_duration(suite, budget):
    assert filter_rows(suite, [f"budget={budget}"]) == suite


@pytest.mark.parametrize("shots", ["0", "all"])
def test_no_shots_are_all_images(row, shots):
    rows = [row(), row(shots=5, split="b2:5")]
    assert filter_rows(rows, [f"shots={shots}"]) == rows[:1]
    assert filter_rows(rows, ["shots=5"]) == rows[1:]


def test_entrants_can_be_selected(suite):
    assert {row.entrant for row in filter_rows(suite, ["entrant=autotl", "entrant=direct"])} == {
        "autotl",
        "direct",
    }


def test_without_filters_all_rows_are_selected(suite):
    assert filter_rows(suite, []) == suite


def test_errors_for_misspelled_keys_and_values_suggest_similar_ones(suite):
    with pytest.raises(UnknownName, match=r"filter called 'sise'. Did you mean 'size'\?"):
        filter_rows(suite, ["sise=small"])
    with pytest.raises(UnknownName, match=r"dataset called 'flower5'. Did you mean 'flowers5'\?"):
        filter_rows(suite, ["dataset=flower5"])
    with pytest.raises(UnknownName, match="budget called '600'"):
        filter_rows(suite, ["budget=10m"])


@pytest.mark.parametrize("text", ["small", "size=", "=small", ""])
def test_the_error_for_an_invalid_filter_shows_the_syntax(suite, text):
    with pytest.raises(BenchError, match="KEY=VALUE"):
        filter_rows(suite, [text])


def test_a_budget_that_is_not_a_duration_is_an_error(suite):
    with pytest.raises(BenchError, match="duration"):
        filter_rows(suite, ["budget=soon"])


def test_filters_without_rows_are_an_error(suite):
    with pytest.raises(BenchError, match="size large and dataset flowers5"):
        filter_rows(suite, ["size=large", "dataset=flowers5"])


def test_values_in_words():
    assert describe("budget", "90") == "1 min 30 s"
    assert describe("shots", "all") == "all images"
    assert describe("shots", "5") == "5 per class"
    assert describe("size", "tiny") == "tiny: under 200 images"
    assert describe("backbone", "resnet") == "resnet"
