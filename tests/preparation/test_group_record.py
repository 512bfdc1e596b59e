"""Notes say of groups what is so."""

from __future__ import annotations

from autotl.preparation.group_record import GroupRecord


def test_a_note_says_how_many_images_were_not_compared() -> None:
    assert GroupRecord(True, last=()).notes == []
    (note,) = GroupRecord(True, last=(), uncompared=145_000).notes
    assert note.startswith("145,000 training images were not compared by similarity")
    assert "at most 5,000" in note


def test_a_note_says_that_groups_are_kept_in_one_fold_only_if_none_is_divided() -> None:
    sets = tuple(tuple(range(start, start + 5)) for start in range(0, 30, 5))
    (kept,) = GroupRecord(True, last=sets).notes
    assert "in one fold each" in kept
    (divided,) = GroupRecord(True, last=sets, divided=2).notes
    assert "in one fold" not in divided
    assert "A fold divides 2 of them, so validation scores may be too high" in divided
