"""Conclude a run: finalize the winner, test it once, and write the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autotl import report, results
from autotl.api import Arm
from autotl.budget.refit_policy import spare
from autotl.clock import Deadline
from autotl.data import read
from autotl.errors import DataError, SearchError
from autotl.evaluation import Findings, judge
from autotl.finalize.deadline import until_report
from autotl.finalize.final_model import FinalModel, deliver, export, settle
from autotl.finalize.limit_check import violated_limits
from autotl.finalize.refit import repeat
from autotl.finalize.test_evaluation import finish
from autotl.pipeline.experience import prediction, remember
from autotl.pipeline.leaks import independent_folds, leaks_of
from autotl.pipeline.prepare import Prepared
from autotl.pipeline.profile import profile
from autotl.pipeline.run import Run
from autotl.pipeline.run_search import SearchOutcome, baselines_of
from autotl.progress import doing
from autotl.training import precision, this_machine
from autotl.trials.trial import Trial


@dataclass(frozen=True, slots=True)
class _Tested:
    """The final model and its test evaluation.

    Attributes:
        findings: The evaluation.
        baselines: The arms that transfer nothing.
        opened: How often the test part was opened before.
        interrupted: Whether the user pressed Ctrl-C.
    """

    findings: Findings
    baselines: Sequence[Arm]
    opened: int
    interrupted: bool


def conclude(run: Run, prepared: Prepared, outcome: SearchOutcome) -> results.Result:
    """Finalize and test the best model, and write the report.

    Args:
        run: The run.
        prepared: The prepared search.
        outcome: The result of the search.

    Raises:
        DataError: Images have changed since they were read. The best model is written all the same.
        KeyboardInterrupt: The user pressed Ctrl-C; the report is written before.
        SearchError: No trial ended with a usable model.
    """
    try:
        tested = _test(run, prepared, outcome)
    except DataError:
        if (best := outcome.history.best()) is not None and best.model:
            deliver(run.folder / "model", prepared.materials, best, best.model)
        raise
    result = _report(run, prepared, outcome, tested)
    run.call.catalog.tell("search_finished", result=result)
    run.keep(ended="interrupted" if tested.interrupted else "finished", elapsed=run.elapsed)
    if tested.interrupted:
        raise KeyboardInterrupt
    return result


def _test(run: Run, prepared: Prepared, outcome: SearchOutcome) -> _Tested:
    """Finalize the winner, write it, and evaluate it on the test part."""
    history, settings = outcome.history, run.settings
    winner = _winner(outcome)
    baselines = baselines_of(run, prepared, outcome.plan, history)
    end = until_report(run.clock, run.call.started, settings.budget)
    model, interrupted = _finalize(run, prepared, outcome, winner, baselines, end)
    opened = run.file.tested
    run.keep(tested=opened + 1)
    doing(f"testing on {len(prepared.locked):,} images")
    findings = finish(
        history,
        model,
        baselines=baselines,
        materials=prepared.materials,
        examined=prepared.issues,
        locked=prepared.locked,
        measure=settings.metric,
        end=end,
        spare=spare(settings.budget),
        seed=settings.seed,
    )
    export(run.folder / "model", prepared.materials, model)
    results.write_predictions(run.folder / "test.csv", prepared.dataset, findings.predictions)
    return _Tested(findings, baselines, opened, interrupted)


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


def _finalize(
    run: Run,
    prepared: Prepared,
    outcome: SearchOutcome,
    winner: Trial,
    baselines: Sequence[Arm],
    end: Deadline,
) -> tuple[FinalModel, bool]:
    """Return the final model, and whether the user has interrupted."""
    doing("training the best trial on all images")
    settings, started, history, runner = run.settings, run.call.started, outcome.history, outcome.runner
    independent = independent_folds(prepared, winner.arm.backbone)
    model: FinalModel | None = None
    interrupted = outcome.interrupted
    if not interrupted:
        try:
            model = settle(runner, history, winner, settings, started, independent=independent)
            repeat(runner, history, baselines, settings.budget, end=end)
        except KeyboardInterrupt:
            interrupted = True
    if model is None:
        model = settle(runner, history, winner, settings, started, hurried=True, independent=independent)
    return model, interrupted


def _report(run: Run, prepared: Prepared, outcome: SearchOutcome, tested: _Tested) -> results.Result:
    """Write the report in every form, and return the result."""
    document = report.build_report(_evidence(run, prepared, outcome, tested))
    doing("writing the report")
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
        metric=settings.metric,
        readers=lambda: readers,
    )


def _evidence(run: Run, prepared: Prepared, outcome: SearchOutcome, tested: _Tested) -> report.Evidence:
    """Gather the contents of the report."""
    findings, settings, plan = tested.findings, run.settings, outcome.plan
    notes = _notes(run, prepared, outcome, tested)
    scored = findings.arms.keys() | set(tested.baselines)
    untried = [arm.strategy for arm in plan.arms if arm not in scored]
    searched = [arm.strategy for arm in findings.arms]
    return report.Evidence(
        name=report.data_name(settings.data.data),
        dataset=prepared.dataset,
        plan=plan,
        records=outcome.history.records(),
        findings=findings,
        verdict=judge(findings, untried, leaks_of(prepared)),
        backbones=prepared.networks,
        profile=profile(prepared),
        catch_up=outcome.crossover,
        experience=prediction(outcome.prior, findings.winner.arm.strategy, searched),
        splits=prepared.splits,
        notes=notes,
        seconds=run.elapsed,
        search_seconds=outcome.seconds,
        precision=precision(settings.device),
        machine=this_machine(settings.device),
        plugins=run.call.catalog.versions(),
        seed=settings.seed,
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
        notes += remember(prepared, outcome.history, findings, settings.budget.seconds)
    notes += [f"The plugin {name} could not be loaded: {why}" for name, why in catalog.broken.items()]
    notes += [f"The plugin {name} was left out: {why}." for name, why in catalog.dropped.items()]
    return notes
