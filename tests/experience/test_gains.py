"""Check the shipped gains."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from autotl.experience import Gain, from_csv, shipped_gains, to_csv

GAIN = Gain("signs", 400, 43, 0.5, 60.0, "finetune", "pixels", 0.25, 0.2, 0.3)


def test_gains_can_be_written_and_read() -> None:
    assert from_csv(Gain, to_csv(Gain, [GAIN])) == [GAIN]
    assert GAIN.per_class == 400 / 43


def test_the_verdict_follows_from_the_interval() -> None:
    assert GAIN.verdict == "helps"
    assert replace(GAIN, low=-0.1).verdict == "no_measurable_difference"
    assert replace(GAIN, gain=-0.2, low=-0.3, high=-0.1).verdict == "hurts"


def test_the_shipped_gains_are_complete() -> None:
    gains = shipped_gains()
    assert len({each.data for each in gains}) >= 10
    for each in gains:
        assert each.low <= each.gain <= each.high
        assert 0 <= each.likeness <= 1
        assert each.n_train >= each.classes >= 2


def test_the_shipped_gains_have_both_signs() -> None:
    verdicts = {each.verdict for each in shipped_gains()}
    assert {"helps", "hurts"} <= verdicts


def test_the_docs_show_the_shipped_gains() -> None:
    from benchmarks.when.publish import table

    assert table(shipped_gains()) in Path("docs/before-training.md").read_text(encoding="utf-8")
