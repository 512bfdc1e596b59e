"""A strategy that cheats or breaks its contract in a run: its trial fails, and the next best is delivered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import autotl
from autotl import plugins
from autotl.terminal import Silence
from autotl.testing import tiny_images
from tests.testing.honest import Honest

REASONS = {
    "one-hot labels": "must yield the score that the workbench has just made",
    "a stale score": "must yield the score that the workbench has just made",
    "not a stock network": "must have the tensors of timm's",
    "reaches for test rows": "must not be opened before the final evaluation",
    "NaN": "weights must be finite",
}


@pytest.mark.parametrize("fault", REASONS)
def test_it_cannot_win_and_harms_nobody(fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = plugins.load

    def load(found: object = None, *, without: Any = ()) -> plugins.Catalog:
        catalog = real(without=without)
        catalog.strategies.add(Honest(fault), plugins.Origin("honest", "autotl-honest", "1.0"))
        return catalog

    monkeypatch.setattr(plugins, "load", load)
    result = autotl.fit(
        tiny_images(classes=3, each=15),
        out=tmp_path / "run",
        backbone="tiny",
        image_size=32,
        strategies=["honest", "linear_probe"],
        trials=3,
        experience=False,
        watch=Silence(),
    )
    states = {(row["strategy"], row["state"]) for _, row in result.trials().iterrows()}
    assert ("linear_probe", "complete") in states
    assert {state for strategy, state in states if strategy == "honest"} == {"failed"}
    why = " ".join(str(each) for each in result.trials()["why"])
    assert REASONS[fault] in why
    assert result.verdict["strategy"] == "linear_probe"


def test_the_report_tells_what_a_strategy_notes_and_which_weights_it_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Notes(Honest):
        name, summary, reference = "notes", "train the last stages", "Somebody, 2026"

        def build(self, params: Any, bench: Any) -> Any:
            bench.note("The head was   new.")
            return super().build(params, bench)

    real = plugins.load

    def load(found: object = None, *, without: Any = ()) -> plugins.Catalog:
        catalog = real(without=without)
        catalog.strategies.add(Notes(), plugins.Origin("notes", "autotl-notes", "1.0"))
        return catalog

    monkeypatch.setattr(plugins, "load", load)
    result = autotl.fit(
        tiny_images(classes=3, each=15),
        out=tmp_path / "run",
        backbone="tiny",
        image_size=32,
        strategies="notes",
        trials=1,
        experience=False,
        watch=Silence(),
    )
    how, what = result.report["how"], result.report["what"]
    assert how["phases"][0] == "The head was new."
    assert (how["summary"], how["reference"]) == ("train the last stages", "Somebody, 2026")
    assert what["frozen_stages"]
    assert 0 < what["kept_weights"] < 1
    assert "Somebody, 2026" in (tmp_path / "run" / "report.md").read_text(encoding="utf-8")
