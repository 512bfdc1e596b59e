"""Check that file names and capture times suggest images of one origin."""

from __future__ import annotations

import pytest

from autotl.quality.name_groups import by_stem, in_bursts, in_series


def stems(*names: str) -> list[list[list[str]]]:
    return [[[names[row] for row in part] for part in level] for level in by_stem(names, range(len(names)))]


@pytest.mark.parametrize(
    "names",
    [
        ("a/img012_a.png", "a/img012_b.png"),
        ("a/img012.png", "a/img012_flip.png"),
        ("a/img012.png", "a/img012 (2).png"),
        ("a/img012a.png", "a/img012b.png"),
        ("a/00012_00003.png", "a/00012_00017.png"),
        ("a/IMG_0012_jpg.rf.3f9a2b1c.jpg", "a/IMG_0012_jpg.rf.77e1d0aa.jpg"),
    ],
)
def test_names_that_differ_in_the_last_part_have_one_stem(names: tuple[str, ...]) -> None:
    assert stems(*names, "a/other99_x.png")[-1] == [list(names)]


def test_names_can_differ_in_two_parts_or_share_a_folder() -> None:
    names = ("a/p1_s3_f07.png", "a/p1_s4_f02.png", "b/p1_s3_f08.png")
    folder, *_, two, one = stems(*names)
    assert folder == [[names[0], names[1]]]
    assert two == [[names[0], names[1]]]
    assert one == []


def test_a_series_is_sorted_by_number_and_divided_at_gaps() -> None:
    names = ["a/x10.png", "a/x2.png", "a/x4.png", "a/x13.png", "b/x3.png", "a/y3.png", "a/12345678901.png"]
    assert in_series(names, range(len(names))) == [[1, 2], [0, 3]]


def test_a_burst_has_one_camera_and_ends_at_a_pause() -> None:
    taken = [("one", 10.0), ("one", 1.0), ("two", 1.5), ("one", 3.5), None, ("one", 12.0)]
    assert in_bursts(taken, range(len(taken))) == [[1, 3], [0, 5]]
