"""Check derived seeds."""

from __future__ import annotations

from autotl.seeds import derive


def test_a_seed_depends_only_on_its_labels() -> None:
    assert derive(0, "sampler", "a") == derive(0, "sampler", "a")
    assert len({derive(0, "a"), derive(0, "b"), derive(1, "a"), derive(0, "a", 1)}) == 4


def test_labels_are_separated() -> None:
    assert derive(0, "ab", "c") != derive(0, "a", "bc")
