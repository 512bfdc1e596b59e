"""Run the search, and keep the best model on disk."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from autotl import jsonio, results
from autotl.api import Arm, OwnNetworks, Plan
from autotl.budget.policy import POLICY, TimePlan
from autotl.errors import SearchError
from autotl.experience import Prior
from autotl.finalize.export import export_trial
from autotl.finalize.final_step import FinalStep
from autotl.finalize.final_steps import final_steps, notes_at_start
from autotl.finalize.phase import FinalOptions, FinalPhase
from autotl.finalize.reserve import reserve_by_step, search_deadline
from autotl.forecast import ArmForecast
from autotl.modalities import noun_of, worded
from autotl.pipeline.experience import recall_once
from autotl.pipeline.forecasts import expected, forecasts_once
from autotl.pipeline.leaks import independent_folds
from autotl.pipeline.prepare import Prepared
from autotl.pipeline.profile import profile
from autotl.pipeline.run import Run
from autotl.preparation.additional.roles import adaptations, counterparts_of, searched, users_by_role
from autotl.search.algorithm import Searching
from autotl.search.search_inputs import SearchSpace, SearchTime
from autotl.search.studies.factory import StudyFactory
from autotl.search.studies.optuna_storage import close_storage, with_storage
from autotl.training import preserve_global_state, this_machine
from autotl.trials.arms import baseline_arms, plan_arms
from autotl.trials.history import TrialHistory
from autotl.trials.journal import Journal
from autotl.trials.restore import SearchRecord, restore, retrain_missing_weights
from autotl.trials.runner import TrialRunner
from autotl.trials.trial import use_seconds
from autotl.workbench.activation_cache import ActivationCache

if TYPE_CHECKING:
    import optuna

LOGGER = logging.getLogger(__name__)
DELIVERY_SECONDS = 5.0
"""The seconds between two writes of the best model so far, which is there for a run that is killed.

Cheap trials would otherwise spend more time on these writes than on themselves.
"""


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """The result of a search.

    Attributes:
        plan: The arms.
        history: The trials.
        phase: The input of the final phase.
        steps: The steps of the final phase, in order; the last one tests the final model.
        time_plan: The planned use of the budget as the search started.
        seconds: The duration of the search, with that of earlier starts.
        interrupted: Whether the user pressed Ctrl-C.
        prior: The prediction of past runs; None if the user wants none.
        forecasts: The forecast of each arm.
        notes: Sentences for the report.
    """

    plan: Plan
    history: TrialHistory
    phase: FinalPhase
    steps: tuple[FinalStep, ...]
    time_plan: TimePlan
    seconds: float
    interrupted: bool
    prior: Prior | None
    forecasts: tuple[ArmForecast, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Trials:
    """The trials of a run and their runner.

    Attributes:
        arms: The arms to search.
        plan: These arms, and arms of earlier starts that are gone.
        history: The trials.
        journal: The files of the trials.
        restored: The trials that were running when an earlier start ended.
        runner: The runner of trials.
        forecasts: The forecast of each arm.
    """

    arms: Sequence[Arm]
    plan: Plan
    history: TrialHistory
    journal: Journal
    restored: SearchRecord
    runner: TrialRunner
    forecasts: tuple[ArmForecast, ...]


def run_search(run: Run, prepared: Prepared) -> SearchOutcome:
    """Search until the budget is spent or the user interrupts.

    Args:
        run: The run.
        prepared: The prepared search.

    Raises:
        SearchError: No strategy applies to the data.
    """
    trials = _open_trials(run, prepared)
    history, plan = trials.history, trials.plan
    run.call.catalog.notify("search_started", plan=plan, folder=run.folder, records=history.records())
    run.watch.started(plan)
    known = recall_once(prepared, run.settings, run.file.prior)
    restored = (*trials.restored.notes, *retrain_missing_weights(history, trials.runner))
    phase = _final_phase(run, prepared, trials)
    for note in filter(None, (expected(trials.forecasts, prepared), *restored, *notes_at_start(phase))):
        run.watch.say(worded(note, noun_of(prepared.task)))
    steps = final_steps(phase)
    time_plan = POLICY.plan(
        run.settings.budget,
        trial_seconds=prepared.task.trial_seconds,
        reserve=reserve_by_step(steps, history) if run.settings.budget.seconds is not None else {},
    )
    LOGGER.info("%s", time_plan)
    time = SearchTime(run.settings.budget, run.clock, search_deadline(phase, steps))
    searching, storage, repaired = _open_search(run, prepared, trials, time, known)
    for note in repaired:
        run.watch.say(note)
    kept = {"prior": known, "forecasts": trials.forecasts}
    run.keep_started(decided=jsonio.plain(prepared.record), **jsonio.plain(kept))
    jsonio.write(run.folder / "profile.json", profile(prepared, run.call.catalog.strategies.items))
    results.write_split(run.folder / "split.csv", prepared.dataset, prepared.splits)
    before = max((trial.finished_at for trial in history.trials.values()), default=0.0)
    started = run.clock.now() - before
    interrupted = _spend_budget(run, prepared, trials, searching, storage, started)
    seconds = run.clock.now() - started
    notes = (*restored, *repaired)
    return SearchOutcome(
        plan, history, phase, steps, time_plan, seconds, interrupted, known, trials.forecasts, notes
    )


@preserve_global_state()  # strategies are asked whether they apply
def _open_trials(run: Run, prepared: Prepared) -> _Trials:
    """Plan the arms, and restore the trials of earlier starts."""
    settings, splits = run.settings, prepared.splits
    arms, skipped, forecasts = _arms(run, prepared)
    history = TrialHistory(
        prepared.run_cache.fold_targets(),
        metric=prepared.metric,
        choose_expected=run.search_algorithm.choose_expected,
        forecasts={each.arm: each for each in forecasts},
        rows=[fold.val for fold in splits.folds],
        repeats=splits.repeats,
        held_out=splits.held_out,
        target_spec=prepared.dataset.target,
        use_cost=partial(use_seconds, networks=prepared.networks),
        held_out_by_network=prepared.extra_images.held_out if prepared.extra_images else {},
    )
    journal, budget = Journal(run.folder, lambda: run.elapsed), settings.budget
    classes = len(prepared.dataset.classes)
    restored = restore(
        history,
        journal,
        arms,
        classes=classes,
        timed=budget.seconds is not None,
        networks=prepared.networks,
    )
    gone = [arm for arm in history.arms() if arm not in arms and arm not in skipped]
    higher, folds = prepared.metric.higher_is_better, len(splits.folds)
    plan = Plan(prepared.task, (*arms, *gone), skipped, budget.seconds, budget.trials, folds, higher)
    run_cache = prepared.run_cache.without_test()  # the test images are out of a strategy's reach
    runner = TrialRunner(
        run_cache,
        ActivationCache(run_cache, enabled=settings.keeps_activations),
        prepared.task,
        run.call.strategies,
        run.cache / "trials",
        run.clock,
        metric=prepared.metric,
        extra_images=prepared.extra_images and prepared.extra_images.without_test(),
    )
    return _Trials(arms, plan, history, journal, restored, runner, forecasts)


def _arms(run: Run, prepared: Prepared) -> tuple[list[Arm], dict[Arm, str], tuple[ArmForecast, ...]]:
    """Return the arms to search, the reasons against others, and forecasts. Raises SearchError."""
    strategies = searched(run.call.strategies)
    arms, skipped = plan_arms(
        strategies,
        prepared.backbones,
        prepared.tasks,
        machine=this_machine(run.settings.device),
        own=prepared.baseline_networks.networks,
    )
    skipped |= prepared.baseline_networks.refused
    skipped |= {
        Arm(name, backbone): why
        for backbone, why in prepared.ranking.aside.items()
        for name, strategy in strategies.items()
        if not isinstance(strategy, OwnNetworks)
    }
    if not arms:
        raise SearchError(f"No strategy applies to this data: {'; '.join(skipped.values())}.")
    forecasts = forecasts_once(run, prepared, arms)
    skipped |= {each.arm: each.not_started for each in forecasts if each.not_started}
    return [arm for arm in arms if arm not in skipped], skipped, forecasts


def _baselines(run: Run, prepared: Prepared, trials: _Trials) -> list[Arm]:
    """Return the arms that transfer nothing; gone strategies have them in their trials."""
    networks, past = prepared.networks, trials.history.trials.values()
    return baseline_arms(trials.plan.arms, run.call.strategies, networks, past)


def _final_phase(run: Run, prepared: Prepared, trials: _Trials) -> FinalPhase:
    """Return the input of the final phase."""
    settings, crossover = run.settings, bool(run.settings.search.curves)
    return FinalPhase(
        trials.runner,
        trials.history,
        FinalOptions(
            settings.budget, settings.limits, crossover, settings.ensemble, settings.seed, settings.tta
        ),
        run.call.started,
        prepared.locked,
        arms=len(trials.arms),
        baselines=tuple(_baselines(run, prepared, trials)),
        issues=prepared.issues,
        independent_folds=partial(independent_folds, prepared),
        with_test=prepared.run_cache,
        additional=users_by_role(prepared.additional, run.call.strategies),
        counterparts=counterparts_of(run.call.strategies),
        place=prepared.place,
        adaptations=adaptations(run.call.strategies),
    )


@preserve_global_state()
def _open_search(
    run: Run, prepared: Prepared, trials: _Trials, time: SearchTime, known: Prior | None
) -> tuple[Searching, optuna.storages.BaseStorage, Sequence[str]]:
    """Return the search, its storage, and a note on a damaged file."""
    settings, machine = run.settings, this_machine(run.settings.device)
    space = SearchSpace(trials.arms, run.call.strategies, prepared.networks, prepared.tasks, machine)
    return with_storage(
        lambda storage: run.search_algorithm.search(
            space,
            trials.restored,
            time,
            StudyFactory(storage, settings.seed, known),
            run.watch,
            settings.compute.workers,
        ),
        run.folder / "study.db",
        settings.compute.storage,
        run.file.name,
    )


def _spend_budget(
    run: Run,
    prepared: Prepared,
    trials: _Trials,
    searching: Searching,
    storage: optuna.storages.BaseStorage,
    started: float,
) -> bool:
    """Run trials until the budget is spent; return whether the user interrupted."""
    history, due = trials.history, started
    saved: tuple[int, str] | None = None
    try:
        for trial in searching.run(run.call.executor, trials.runner):
            best = history.best()
            new = best is not None and best.model and saved != (best.number, best.model)
            if new and run.clock.now() >= due:
                assert best is not None
                export_trial(run.folder / "model", prepared.run_cache, best, str(best.model))
                saved = best.number, str(best.model)
                due = run.clock.now() + DELIVERY_SECONDS
            results.write_trials(run.folder / "trials.csv", history.records(), prepared.metric)
            record = history.record(trial)
            run.call.catalog.notify("trial_finished", record=record)
            run.watch.scored(record, history.record(best) if best else None)
    except KeyboardInterrupt:
        run.watch.say("Interrupted: evaluating the best model so far. Press Ctrl-C again to leave at once.")
        return True
    finally:
        close_storage(storage)
    return False
