"""Finalize the winner, test it once, and write the report."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotl import report, results
from autotl.api import roles_of
from autotl.data import read
from autotl.errors import DataError, SearchError
from autotl.evaluation import Findings, judge
from autotl.explanation import explain_run
from autotl.export import export_run, push_run
from autotl.finalize.export import export_model, export_trial
from autotl.finalize.final_model import ComparedModels, FinalModel, ScratchCrossover
from autotl.finalize.final_steps import choose_model
from autotl.finalize.refit import train_missing_folds
from autotl.finalize.test_phase.limit_check import violated_limits
from autotl.metrics import get_metric
from autotl.modalities import noun_of
from autotl.pipeline.experience import prediction, remember
from autotl.pipeline.leaks import leaks_of
from autotl.pipeline.pictures import keep_pictures
from autotl.pipeline.prepare import Prepared
from autotl.pipeline.profile import profile
from autotl.pipeline.run import Run
from autotl.pipeline.run_search import SearchOutcome
from autotl.progress import report_progress
from autotl.progress.timeline import TimePart, begin_phase, current_timeline, in_words, spent_on
from autotl.training import precision, this_machine
from autotl.trials.trial import Trial

if TYPE_CHECKING:  # slow to import, and only tables need it
    import pandas as pd

LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Tested:
    """The final model and its test evaluation.

    Attributes:
        findings: The evaluation.
        mistakes: The wrong predictions, the most confident first.
        crossover: The dataset size at which from-scratch training matches transfer; None if unknown.
        compared: The comparison on the images of the place of use; None without such images.
        opened: How often the test part was opened before.
        interrupted: Whether the user pressed Ctrl-C.
    """

    findings: Findings
    mistakes: pd.DataFrame
    crossover: ScratchCrossover | None
    compared: ComparedModels | None
    opened: int
    interrupted: bool

    @property
    def searched(self) -> str:
        """The strategy that the search chose."""
        return (self.findings.winner if self.compared is None else self.compared.unadapted).arm.strategy


@dataclass(frozen=True, slots=True)
class _Written:
    """The parts of the report that are ready before it is built.

    Attributes:
        profile: The profile of the data.
        pictures: The ``pictures`` of the report.
        timeline: The use of the time.
    """

    profile: Mapping[str, Any]
    pictures: Mapping[str, Any]
    timeline: Sequence[TimePart]


def conclude(run: Run, prepared: Prepared, outcome: SearchOutcome) -> results.Result:
    """Finalize and test the best model, and write the report.

    Args:
        run: The run.
        prepared: The prepared search.
        outcome: The result of the search.

    Raises:
        DataError: Images have changed since they were read. The best model is still written.
        KeyboardInterrupt: The user pressed Ctrl-C; the report is written before.
        SearchError: No trial ended with a usable model.
    """
    try:
        tested = _test(run, prepared, outcome)
    except DataError:
        if (best := outcome.history.best()) is not None and best.model:
            export_trial(run.folder / "model", prepared.run_cache, best, best.model)
        raise
    result = _report(run, prepared, outcome, tested)
    run.call.catalog.notify("search_finished", result=result)
    run.keep(ended="interrupted" if tested.interrupted else "finished", elapsed=run.elapsed)
    if tested.interrupted:
        raise KeyboardInterrupt
    return result


def _test(run: Run, prepared: Prepared, outcome: SearchOutcome) -> _Tested:
    """Finalize the winner, write it, and evaluate it on the test part."""
    model, interrupted = _finalize(outcome, _winner(outcome))
    opened = run.file.tested
    run.keep(tested=opened + 1)
    report_progress(f"testing on {len(prepared.locked):,} {noun_of(prepared.dataset)}s")
    begin_phase("test")
    with spent_on("test"):
        model = outcome.steps[-1].run(model)
    findings = model.findings
    assert findings is not None
    export_model(run.folder / "model", prepared.run_cache, model)
    target, answers = prepared.dataset.target, results.answer_table(prepared.dataset, findings.predictions)
    results.write_predictions(run.folder / "test.csv", answers, target)
    wrong = results.mistakes(answers, target.kind)
    return _Tested(findings, wrong, model.crossover, model.adaptation, opened, interrupted)


def _winner(outcome: SearchOutcome) -> Trial:
    """Return the best trial. Raises SearchError, or KeyboardInterrupt after an interrupt, without any."""
    if (winner := outcome.history.best()) is not None:
        return winner
    if outcome.interrupted:
        raise KeyboardInterrupt
    why = "; ".join(dict.fromkeys(f"{r.arm}: {r.why}" for r in outcome.history.records() if r.why))
    raise SearchError(
        f"No trial ended with a usable model. {why or 'The budget ended too early: give more.'}"
    )


def _finalize(outcome: SearchOutcome, winner: Trial) -> tuple[FinalModel, bool]:
    """Return the final model, and whether the user has interrupted."""
    report_progress(f"training the best trial on all {noun_of(outcome.plan.task)}s")
    begin_phase("finish")
    phase, steps = outcome.phase, outcome.steps
    model: FinalModel | None = None
    if not outcome.interrupted:
        try:
            model = choose_model(phase, steps, winner)
            train_missing_folds(phase)
            return model, False
        except KeyboardInterrupt:  # a chosen model stays
            pass
    return model or choose_model(phase, steps, winner, interrupted=True), True


def _report(run: Run, prepared: Prepared, outcome: SearchOutcome, tested: _Tested) -> results.Result:
    """Write the report in every form, and return the result."""
    begin_phase("report")
    report_progress("writing the report")
    known = profile(prepared, run.call.catalog.strategies.items)
    with spent_on("write"):
        pictures = keep_pictures(prepared, tested.mistakes, known["quality"], outcome.phase, run.folder)
    timeline = current_timeline()
    parts = [] if timeline is None else timeline.parts()
    LOGGER.info("%s", in_words(parts))
    written = _Written(known, pictures, parts)
    document = report.build_report(_evidence(run, prepared, outcome, tested, written))
    catalog, settings = run.call.catalog, run.settings
    for reporter in catalog.reporters.items.values():
        report.write(reporter, document, run.folder, watch=run.watch)
    readers = catalog.readers.items
    return results.Result(
        run.folder,
        document,
        device=settings.device,
        read=lambda data, columns: read(data, readers=readers, columns=columns),
        temporary=run.temporary,
        metric=get_metric(prepared.metric, prepared.dataset.target.in_units),
        installed=results.Installed(
            readers=lambda: readers,
            heads=lambda: prepared.run_cache.networks.head_kinds,
            export=export_run,
            push=push_run,
            explain=explain_run,
        ),
    )


def _evidence(
    run: Run, prepared: Prepared, outcome: SearchOutcome, tested: _Tested, written: _Written
) -> report.Evidence:
    """Gather the contents of the report."""
    findings, settings, plan = tested.findings, run.settings, outcome.plan
    notes = _notes(run, prepared, outcome, tested)
    scored = findings.arms.keys() | set(outcome.phase.baselines)
    planned = (*plan.arms, *(each.arm for each in outcome.forecasts if each.not_started))
    untried = [arm.strategy for arm in planned if arm not in scored]
    searched = [arm.strategy for arm in findings.arms]
    strategy = run.call.strategies.get(findings.winner.arm.strategy)
    return report.Evidence(
        name=report.data_name(settings.data.data),
        dataset=prepared.dataset,
        plan=plan,
        records=outcome.history.records(),
        findings=findings,
        verdict=judge(findings, untried, leaks_of(prepared), roles=roles_of(strategy)),
        backbones=prepared.networks,
        profile=written.profile,
        pictures=written.pictures,
        catch_up=tested.crossover,
        time_plan=outcome.time_plan,
        timeline=written.timeline,
        experience=prediction(outcome.prior, tested.searched, searched),
        forecasts=outcome.forecasts,
        splits=prepared.splits,
        notes=notes,
        seconds=run.elapsed,
        search_seconds=outcome.seconds,
        precision=precision(settings.device),
        machine=this_machine(settings.device),
        plugins=run.call.catalog.versions(),
        seed=settings.seed,
        strategy=strategy,
        additional={
            role: report.GivenImages(each.given, len(each.used), each.copies)
            for role, each in prepared.additional.items()
        },
        adaptation=None if tested.compared is None else tested.compared.facts,
    )


def _notes(run: Run, prepared: Prepared, outcome: SearchOutcome, tested: _Tested) -> list[str]:
    """Return the notes of the whole run; add the run to past runs."""
    findings, settings, catalog = tested.findings, run.settings, run.call.catalog
    limits = violated_limits(settings.limits, findings)
    notes = [
        *prepared.notes,
        *run.call.notes,
        *outcome.notes,
        *limits,
        *results.repeated_test_notes(tested.opened),
    ]
    if (images := len(findings.predictions.rows)) < len(prepared.locked):
        notes.append(
            f"Tested on {images:,} of {len(prepared.locked):,} test images, drawn at random from each class, "
            "the same for all strategies: there was no time for more. 'autotl evaluate' can test on "
            "the others."
        )
    if tested.interrupted:
        notes.append("The search was interrupted.")
    if settings.search.experience:
        own = {name for name, each in run.call.strategies.items() if roles_of(each)}
        notes += remember(prepared, outcome.history, findings, settings.budget.seconds, without=own)
    notes += [f"The plugin {name} could not be loaded: {why}" for name, why in catalog.broken.items()]
    notes += [f"The plugin {name} was left out: {why}." for name, why in catalog.dropped.items()]
    return notes
