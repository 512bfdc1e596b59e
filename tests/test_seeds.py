"""Derived seeds."""

from __future__ import annotations

from autotl.seeds import derive


def test_a_seed_depends_on_its_labels_alone() -> None:
    assert derive(0, "sampler", "a") == derive(0, "sampler", "a")
    assert len({derive(0, "a"), derive(0, "b"), derive(1, "a"), derive(0, "a", 1)}) == 4


def test_labels_do_not_run_together() -> None:
    assert derive(0, "ab", "c") != derive(0, "a", "bc")
