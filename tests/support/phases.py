"""The final phase of a prepared run, with made-up trials."""

from __future__ import annotations

from pathlib import Path

from autotl import plugins
from autotl.clock import Budget, WallClock
from autotl.finalize.final_model import FinalModel
from autotl.finalize.final_steps import choose_model, final_steps
from autotl.finalize.phase import FinalOptions, FinalPhase
from autotl.pipeline.prepare import Prepared
from autotl.trials.history import TrialHistory
from autotl.trials.runner import TrialRunner
from autotl.trials.trial import Trial
from autotl.workbench.activation_cache import ActivationCache

THREE = FinalOptions(Budget(trials=3))


def runner_of(ready: Prepared, folder: Path) -> TrialRunner:
    strategies = plugins.load().strategies.items
    activations = ActivationCache(ready.run_cache)
    return TrialRunner(ready.run_cache, activations, ready.task, strategies, folder, WallClock())


def phase_of(
    ready: Prepared, runner: TrialRunner, history: TrialHistory, options: FinalOptions = THREE
) -> FinalPhase:
    return FinalPhase(runner, history, options, 0.0, ready.locked, issues=ready.issues)


def chosen(phase: FinalPhase, winner: Trial, *, interrupted: bool = False) -> FinalModel:
    return choose_model(phase, final_steps(phase), winner, interrupted=interrupted)
