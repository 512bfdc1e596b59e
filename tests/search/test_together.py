"""Notes say of groups what is so."""

from __future__ import annotations

from autotl.search.together import Grouping


def test_a_note_says_how_many_images_were_not_compared() -> None:
    assert Grouping(True, last=()).notes == []
    (note,) = Grouping(True, last=(), uncompared=145_000).notes
    assert note.startswith("145,000 training images were not compared by likeness")
    assert "at most 5,000" in note
