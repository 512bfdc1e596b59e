import dataclasses

from autotl.leaderboard.render import slices


def test_the_whole_comes_first(suite):
    whole = slices.slices(suite)[0]
    assert whole.choices[0] == (None, None)
    assert whole.findings.board.blocks == 12


def test_only_filters_with_several_values_are_offered_in_order(suite):
    assert slices.page_filters(suite) == {
        "size": ("tiny", "small", "medium", "large"),
        "distance": ("near", "middle", "far", "unknown"),
    }


def test_numeric_choices_are_sorted_with_all_images_last(row):
    rows = [row(shots=shots, split=f"b2:{shots}") for shots in (10, 0, 5)]
    assert slices.page_filters(rows) == {"shots": ("5", "10", "all")}


def test_choices_with_the_same_rows_share_a_slice(suite):
    found = slices.slices(suite)
    flowers = next(each for each in found if ("tiny", None) in each.choices)
    assert flowers.choices == (("tiny", None), ("tiny", "near"))
    assert flowers.findings.board.datasets == ("flowers5",)


def test_choices_without_rows_are_skipped(suite):
    assert all(("tiny", "far") not in each.choices for each in slices.slices(suite))


def test_the_number_of_parts_of_a_page_is_limited(suite, monkeypatch):
    monkeypatch.setattr(slices, "MAX_SLICES", 3)
    found = slices.slices(suite)
    assert len(found) == 3
    assert all(sum(map(bool, each.choices[0])) <= 1 for each in found)  # fewer filters first


def test_a_row_of_one_kind_has_no_filters(row):
    (only,) = slices.slices([row()])
    assert only.choices == ((),)
    assert dataclasses.is_dataclass(only.findings)
