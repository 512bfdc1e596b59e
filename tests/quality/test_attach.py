"""Check that other images are attached to groups by names and hashes, without merging groups."""

from __future__ import annotations

import numpy as np
import pytest

from autotl.quality import Groups, attach_to_groups

NAMES = ["a_1.png", "a_2.png", "b_1.png", "b_2.png", "c_1.png", "c_2.png"]
KNOWN = Groups(((0, 1), (2, 3)), dict.fromkeys(range(4), "file names"))


def hashes(n: int) -> np.ndarray:
    """Return different hashes with half of the bits set."""
    rng = np.random.default_rng(0)
    bits = np.array([rng.permutation(64) < 32 for _ in range(n)])
    return np.packbits(bits, axis=1).view(">u8").astype(np.uint64).ravel()


@pytest.mark.parametrize(
    ("name", "sets"),
    [
        ("a_3.png", ((0, 1, 6), (2, 3))),
        ("b.png", ((0, 1), (2, 3, 6))),
        ("c_3.png", ((0, 1), (2, 3))),  # names with c_ do not form a group
        ("elsewhere/a_3.png", ((0, 1), (2, 3))),
    ],
)
def test_an_image_joins_the_group_that_was_found_by_its_name(name: str, sets: object) -> None:
    learned = np.arange(7) < 6
    assert attach_to_groups(KNOWN, [*NAMES, name], hashes(7), learned) == sets


def test_names_are_ignored_for_groups_found_by_other_evidence() -> None:
    known = Groups(KNOWN.sets, dict.fromkeys(range(4), "likeness"))
    assert attach_to_groups(known, [*NAMES, "a_3.png"], hashes(7), np.arange(7) < 6) == known.sets


def test_a_copy_joins_the_group_of_its_image_or_forms_a_new_group() -> None:
    looks = hashes(9)
    looks[6], looks[7], looks[8] = looks[3], looks[4], looks[4]
    names = [*NAMES, "a_3.png", "x.png", "y.png"]  # a hash takes precedence over a name
    assert attach_to_groups(KNOWN, names, looks, np.arange(9) < 6) == ((0, 1), (2, 3, 6), (4, 7, 8))


def test_equal_hashes_of_flat_images_are_ignored() -> None:
    flat = np.zeros(7, dtype=np.uint64)
    assert attach_to_groups(KNOWN, [*NAMES, "x.png"], flat, np.arange(7) < 6) == KNOWN.sets
