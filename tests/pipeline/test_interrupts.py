"""Ctrl-C in the final phase keeps what is finished."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from autotl.finalize.final_model import FinalModel, ScratchCrossover
from autotl.finalize.scratch_crossover import CrossoverStep
from autotl.pipeline import conclude

FOUND = ScratchCrossover(None, None, "The curves do not meet.", ())


def interrupted(*_: Any, **__: Any) -> Any:
    raise KeyboardInterrupt


@pytest.fixture
def outcome() -> Any:
    plan = SimpleNamespace(task=SimpleNamespace(modality="image"))
    return SimpleNamespace(phase="phase", steps=(), interrupted=False, plan=plan)


def test_a_chosen_model_stays_if_the_folds_after_it_are_interrupted(
    outcome: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    refitted: Any = "the refitted model"
    monkeypatch.setattr(conclude, "choose_model", lambda *_, **__: refitted)
    monkeypatch.setattr(conclude, "train_missing_folds", interrupted)
    winner: Any = "the winner"
    assert conclude._finalize(outcome, winner) == (refitted, True)


def test_an_interrupted_choice_is_made_again_without_optional_steps(
    outcome: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[dict[str, bool]] = []

    def choose(*_: Any, **named: bool) -> str:
        calls.append(named)
        return "the winner as trained" if named.get("interrupted") else interrupted()

    monkeypatch.setattr(conclude, "choose_model", choose)
    winner: Any = "the winner"
    assert conclude._finalize(outcome, winner) == ("the winner as trained", True)
    assert calls == [{}, {"interrupted": True}]


def test_a_measured_crossover_survives_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    trials: Any = (SimpleNamespace(), SimpleNamespace())
    phase: Any = SimpleNamespace(
        options=SimpleNamespace(crossover=True, seed=0),
        best_of_both_sides=lambda: trials,
        report_deadline=SimpleNamespace(passed=lambda: False),
        runner=None,
    )
    monkeypatch.setattr("autotl.finalize.scratch_crossover.measure_crossover", lambda *_, **__: FOUND)
    step = CrossoverStep(phase)
    trial: Any = SimpleNamespace()
    model = FinalModel(trial, "weights.safetensors")
    assert step.optional
    assert step.run(model).crossover is FOUND
    assert not step.optional
    monkeypatch.setattr("autotl.finalize.scratch_crossover.measure_crossover", interrupted)
    assert step.run(model).crossover is FOUND
