"""Train each adaptation once, with its default settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from autotl.api import Arm, Backbone, Strategy, Task
from autotl.clock import Deadline, format_duration
from autotl.errors import FAILURES, ArgumentError, described
from autotl.finalize.phase import FinalPhase
from autotl.preparation.extra_images import tasks_by_network
from autotl.progress import report_progress
from autotl.seeds import derive
from autotl.training import preserve_global_state, this_machine
from autotl.trials.arms import plan_arms
from autotl.trials.trial import Trial

NUMBER_OFFSET = 2_000_000
"""Added to the numbers of adaptations, so that these trainings have separate weights files."""


@dataclass(frozen=True, slots=True)
class PlannedAdaptation:
    """An adaptation with default settings, and its seconds on one fold."""

    trial: Trial
    seconds: float


@dataclass(slots=True)
class TrainedAdaptations:
    """The adapted models, and why there is no model of other strategies."""

    trials: list[Trial] = field(default_factory=list)
    untried: dict[str, str] = field(default_factory=dict)


@preserve_global_state()  # strategies are asked whether they apply
def plan_adaptations(
    phase: FinalPhase, strategies: Mapping[str, Strategy], backbone: str
) -> tuple[list[PlannedAdaptation], dict[str, str]]:
    """Return the adaptations of a backbone, the cheapest first.

    Args:
        phase: The final phase.
        strategies: The strategies that adapt, by name.
        backbone: The network.

    Returns:
        The adaptations, and why other strategies cannot adapt, by name.

    Raises:
        ArgumentError: The user has fixed a setting to a wrong value.
    """
    runner = phase.runner
    facts = runner.run_cache.backbones[backbone]
    tasks = tasks_by_network([backbone], runner.task, runner.extra_images)
    machine = this_machine(runner.run_cache.device)
    arms, skipped = plan_arms(strategies, {backbone: facts}, tasks, machine=machine)
    untried = {arm.strategy: why for arm, why in skipped.items()}
    planned = []
    for number, arm in enumerate(arms):
        strategy = strategies[arm.strategy]
        try:
            planned.append(_planned(phase, strategy, facts, tasks[backbone], NUMBER_OFFSET + number))
        except ArgumentError:  # a wrong --set is the user's error
            raise
        except FAILURES as error:  # code of a plugin: one failed adaptation must not end the run
            untried[arm.strategy] = described(error)
    return sorted(planned, key=lambda each: each.seconds), untried


def why_nothing_adapts(phase: FinalPhase) -> str:
    """Return a note if no adaptation applies, or ""."""
    if phase.place is None or not phase.adaptations:
        return ""
    planned, untried = plan_adaptations(phase, phase.adaptations, next(iter(phase.run_cache.backbones)))
    if planned:
        return ""
    reasons = "; ".join(dict.fromkeys(untried.values()))
    return f"No installed strategy adapts to these images of the place of use: {reasons}."


def _planned(
    phase: FinalPhase, strategy: Strategy, backbone: Backbone, task: Task, number: int
) -> PlannedAdaptation:
    params = strategy.defaults(task, backbone)
    machine = this_machine(phase.runner.run_cache.device)
    arm = Arm(strategy.name, backbone.name)
    trial = Trial(number, arm, params, derive(phase.options.seed, str(arm), 0), default=True)
    return PlannedAdaptation(trial, strategy.cost(params, task, backbone, machine).seconds)


def train_adaptations(
    phase: FinalPhase, strategies: Mapping[str, Strategy], backbone: str, end: Deadline
) -> TrainedAdaptations:
    """Train each adaptation on the first fold.

    Args:
        phase: The final phase.
        strategies: The strategies that adapt, by name.
        backbone: The network of the model to adapt.
        end: When the last training must have ended.
    """
    planned, untried = plan_adaptations(phase, strategies, backbone)
    found = TrainedAdaptations(untried=untried)
    for each in planned:
        name = each.trial.arm.strategy
        if phase.clock.now() + each.seconds > end.at:
            more = "a budget of time" if phase.budget.seconds is None else "a larger budget"
            found.untried[name] = f"its {format_duration(each.seconds)} were not left; {more} has them"
            continue
        report_progress(f"adapting by {name}")
        why = _train(phase, each.trial, end)
        if why:
            found.untried[name] = why
        else:
            found.trials.append(each.trial)
    return found


def _train(phase: FinalPhase, trial: Trial, end: Deadline) -> str:
    """Train a model on the first fold, and fill in its results; return why there is none, or ""."""
    outcome = phase.runner(trial.job((0,)), lambda job, progress: "stopped" if end.passed() else None)
    if outcome.state != "complete" or 0 not in outcome.models:
        return outcome.why or "the time ended before it was trained"
    trial.state, trial.seconds, trial.notes = outcome.state, outcome.seconds, outcome.notes
    trial.folds.update({each.fold: each for each in outcome.folds})
    trial.models |= outcome.models
    trial.input_size = outcome.input_size
    return ""
