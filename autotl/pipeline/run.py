"""The steps of one run up to its conclusion: prepare and search."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autotl import jsonio, plugins, report, results
from autotl.api import Arm, Executor, OwnNetworks, Plan, Strategy, Watch
from autotl.budget.policy import POLICY, TimePlan
from autotl.cache import Store
from autotl.clock import Clock
from autotl.config.run_config import RunConfig
from autotl.errors import SearchError
from autotl.experience import Prior
from autotl.finalize.deadline import reserve_by_step, search_deadline
from autotl.finalize.export import export_trial
from autotl.finalize.final_step import FinalStep
from autotl.finalize.final_steps import final_steps
from autotl.finalize.phase import FinalOptions, FinalPhase
from autotl.pipeline.experience import foretold, recall, recalled
from autotl.pipeline.leaks import independent_folds
from autotl.pipeline.prepare import Prepared
from autotl.pipeline.prepare import prepare as prepare_run
from autotl.preparation.record import read_record
from autotl.search.algorithm import OWN, SearchAlgorithm
from autotl.search.space import SearchSpace, SearchTime
from autotl.search.studies.factory import StudyFactory
from autotl.search.studies.storage import close_storage, with_storage
from autotl.training import machine
from autotl.trials.arms import plan_arms
from autotl.trials.history import TrialHistory
from autotl.trials.journal import Journal
from autotl.trials.restore import restore, retrain_missing_weights
from autotl.trials.runner import TrialRunner
from autotl.workbench.activation_cache import ActivationCache

LOGGER = logging.getLogger(__name__)
DELIVERY_SECONDS = 5.0
"""Between two writings of the best model so far, which is there for a run that is killed: cheap trials would
otherwise spend more on it than on themselves.
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One call: what was asked for, opened and checked. The steps below share it.

    ``started`` lies back by what the run had spent before it was resumed; ``file`` is its ``run.json`` as it
    was found, None where nothing is kept. ``asked`` are the arguments that a resumed run goes on with.
    """

    setup: RunConfig
    folder: Path
    temporary: bool
    catalog: plugins.Catalog
    strategies: Mapping[str, Strategy]
    executor: Executor
    watch: Watch
    clock: Clock
    started: float
    file: results.RunFile | None = None
    asked: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()
    way: SearchAlgorithm = OWN

    @property
    def name(self) -> str:
        """What the run is called in a database."""
        return "" if self.file is None else self.file.name

    def keep(self, **changed: Any) -> None:
        """Change what ``run.json`` says."""
        results.write_run_file(self.folder, replace(results.read_run_file(self.folder), **changed))

    def keep_begun(self, **found: Any) -> None:
        """Keep what the preparation found, and that the run is at work.

        Only from here on does a resumed run change what its folder holds: whatever refuses it comes before.
        """
        if self.asked is None:
            self.keep(**found, ended=None)
            return
        self.keep(**found, ended=None, arguments=self.asked, name=self.name)
        results.set_report_aside(self.folder)
        results.sweep(self.folder)


def prepare(run: Run, cache: Path) -> Prepared:
    known = None if run.file is None or run.file.decided is None else read_record(run.file.decided)
    asked = run.setup.cache
    return prepare_run(
        run.setup,
        readers=run.catalog.readers.items,
        sources=run.catalog.backbones.items,
        similarities=run.catalog.similarities.items,
        transferabilities=run.catalog.transferabilities.items,
        strategies=run.strategies,
        store=Store(cache, bound=known.cache if known and asked is None else asked),
        clock=run.clock,
        watch=run.watch,
        decided=known,
    )


def profile(ready: Prepared) -> dict[str, Any]:
    """The ``when`` and ``quality`` of a report, as far as they are known before training."""
    found = report.profile(
        task=ready.task,
        splits=ready.splits,
        likeness=ready.likeness,
        overlap=ready.overlap,
        copies=ready.copies,
        ranking=ready.ranking,
        outlook=ready.outlook,
        advice=ready.advice,
        quality=ready.quality,
        examined={**ready.examined.told, "groups": ready.groups},
    )
    if ready.wider is not None:
        found["when"]["n_train_by_network"] = dict.fromkeys(ready.wider.networks, ready.wider.task.train_rows)
    return found


def analysis(run: Run, cache: Path) -> dict[str, Any]:
    """The profile, with what past runs foretell."""
    ready = prepare(run, cache)
    found = profile(ready)
    known = recall(ready, run.setup.metric.key) if run.setup.experience else None
    found["when"]["experience"] = foretold(known, None, ())
    return found


@dataclass(frozen=True, slots=True)
class Explored:
    """What the search leaves for the end."""

    plan: Plan
    ledger: TrialHistory
    worker: TrialRunner
    seconds: float
    interrupted: bool
    prior: Prior | None
    phase: FinalPhase
    steps: tuple[FinalStep, ...]
    time_plan: TimePlan
    notes: tuple[str, ...] = ()


def explore(run: Run, ready: Prepared, cache: Path) -> Explored:
    setup, clock = run.setup, run.clock
    box = machine(setup.device)
    arms, skipped = plan_arms(
        run.strategies, ready.backbones, ready.tasks, machine=box, own=ready.own.networks
    )
    skipped |= ready.own.refused
    skipped |= {
        Arm(name, aside): why
        for aside, why in ready.ranking.aside.items()
        for name, strategy in run.strategies.items()
        if not isinstance(strategy, OwnNetworks)
    }
    if not arms:
        raise SearchError(f"No strategy applies to this data: {'; '.join(skipped.values())}.")
    budget = setup.budget
    ledger = TrialHistory(
        ready.materials.fold_labels(),
        metric=setup.metric,
        one_standard_error_rule=run.way.one_standard_error_rule,
        rows=[fold.val for fold in ready.splits.folds],
        repeats=ready.splits.repeats,
        held_out=ready.splits.held_out,
        held_out_by_network=ready.wider.held_out if ready.wider else {},
    )
    journal = Journal(run.folder, lambda: clock.now() - run.started)
    resumed = restore(
        ledger, journal, arms, classes=len(ready.dataset.classes), timed=budget.seconds is not None
    )
    gone = [arm for arm in ledger.arms() if arm not in arms and arm not in skipped]
    folds, higher = len(ready.splits.folds), setup.metric.higher_is_better
    plan = Plan(ready.task, (*arms, *gone), skipped, budget.seconds, budget.trials, folds, higher)
    run.catalog.tell("search_started", plan=plan, folder=run.folder, records=ledger.records())
    run.watch.started(plan)
    known = recalled(ready, setup, run.file.prior if run.file else None)
    activations = ActivationCache(ready.materials, on=setup.reuse)
    worker = TrialRunner(
        ready.materials,
        activations,
        ready.task,
        run.strategies,
        cache / "trials",
        clock,
        metric=setup.metric,
        extra_images=ready.wider,
    )
    told = (*resumed.notes, *retrain_missing_weights(ledger, worker))
    for each in told:
        run.watch.say(each)
    phase = FinalPhase(
        worker,
        ledger,
        FinalOptions(budget, setup.limits, setup.curves, setup.ensemble, setup.seed),
        run.started,
        ready.locked,
        arms=len(arms),
        baselines=tuple(baselines_of(run, ready, plan, ledger)),
        issues=ready.examined,
        independent_folds=lambda network: independent_folds(ready, network),
    )
    steps = final_steps(phase)
    time_plan = POLICY.plan(
        budget,
        backbones=len(ready.ranking.order),
        trial_seconds=ready.task.trial_seconds,
        reserve=reserve_by_step(steps, ledger),
    )
    LOGGER.info("%s", time_plan)
    searching, storage, mended = with_storage(
        lambda storage: run.way.search(
            SearchSpace(arms, run.strategies, ready.networks, ready.tasks, box),
            resumed,
            SearchTime(budget, clock, search_deadline(phase, steps)),
            StudyFactory(storage, setup.seed, known),
            run.watch,
            setup.workers,
        ),
        run.folder / "study.db",
        setup.storage,
        run.name,
    )
    for each in mended:
        run.watch.say(each)
    told = (*told, *mended)
    run.keep_begun(decided=jsonio.plain(ready.decided), prior=jsonio.plain(known))
    jsonio.write(run.folder / "profile.json", profile(ready))
    results.write_split(run.folder / "split.csv", ready.dataset, ready.splits)
    before = max((trial.finished_at for trial in ledger.trials.values()), default=0.0)
    begun, interrupted = clock.now() - before, False
    saved: tuple[int, str] | None = None
    due = begun
    try:
        for trial in searching.run(run.executor, worker):
            best = ledger.best()
            if best is not None and best.model and saved != (best.number, best.model) and clock.now() >= due:
                export_trial(run.folder / "model", ready.materials, best, best.model)
                saved = best.number, best.model
                due = clock.now() + DELIVERY_SECONDS
            results.write_trials(run.folder / "trials.csv", ledger.records(), setup.metric)
            record = ledger.record(trial)
            run.catalog.tell("trial_finished", record=record)
            run.watch.scored(record, ledger.record(best) if best else None)
    except KeyboardInterrupt:
        interrupted = True
        run.watch.say("Interrupted: evaluating the best model so far. Press Ctrl-C again to leave at once.")
    finally:
        close_storage(storage)
    return Explored(
        plan, ledger, worker, clock.now() - begun, interrupted, known, phase, steps, time_plan, told
    )


def baselines_of(run: Run, ready: Prepared, plan: Plan, ledger: TrialHistory) -> list[Arm]:
    """The arms that transfer nothing, whatever is done with random weights among them."""
    known = {name for name, strategy in run.strategies.items() if strategy.baseline}
    known |= {trial.arm.strategy for trial in ledger.trials.values() if trial.baseline}
    return [
        arm
        for arm in plan.arms
        if arm.strategy in known or not ready.networks[arm.backbone].weights.pretrained
    ]
