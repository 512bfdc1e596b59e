"""The last step of a run: choose, test once, and write what it found."""

from __future__ import annotations

from dataclasses import replace

from autotl import report, results
from autotl.data import read
from autotl.errors import DataError, SearchError
from autotl.evaluation import judge
from autotl.finalize.export import export_model, export_trial
from autotl.finalize.final_model import FinalModel
from autotl.finalize.final_steps import choose_model
from autotl.finalize.refit import train_missing_folds
from autotl.finalize.test_phase.limit_check import violated_limits
from autotl.pipeline.experience import foretold, remember
from autotl.pipeline.leaks import leaks_of
from autotl.pipeline.prepare import Prepared
from autotl.pipeline.run import Explored, Run, profile
from autotl.progress import doing
from autotl.training import machine, precision


def conclude(run: Run, ready: Prepared, explored: Explored) -> results.Result:
    """Deliver the best model and its report. If images have changed, deliver the model; raise DataError."""
    try:
        return _conclude(run, ready, explored)
    except DataError:
        if (best := explored.ledger.best()) is not None and best.model:
            export_trial(run.folder / "model", ready.materials, best, best.model)
        raise


def _conclude(run: Run, ready: Prepared, explored: Explored) -> results.Result:
    ledger, setup = explored.ledger, run.setup
    if (winner := ledger.best()) is None:
        why = "; ".join(dict.fromkeys(f"{r.arm}: {r.why}" for r in ledger.records() if r.why))
        if explored.interrupted:
            raise KeyboardInterrupt
        raise SearchError(
            f"No trial ended with a usable model. {why or 'The budget ended too early: give more.'}"
        )
    doing("training the best trial on all images")
    phase, steps = explored.phase, explored.steps
    model: FinalModel | None = None
    if not explored.interrupted:
        try:
            model = choose_model(phase, steps, winner)
            train_missing_folds(phase)
        except KeyboardInterrupt:
            explored = replace(explored, interrupted=True)
    model = model or choose_model(phase, steps, winner, interrupted=True)
    opened = 0 if run.file is None else run.file.tested
    run.keep(tested=opened + 1)
    doing(f"testing on {len(ready.locked):,} images")
    model = steps[-1].run(model)
    findings = model.findings
    assert findings is not None
    export_model(run.folder / "model", ready.materials, model)
    results.write_answers(run.folder / "test.csv", ready.dataset, findings.answers)
    notes = [*ready.notes, *run.notes, *explored.notes, *violated_limits(setup.limits, findings)]
    notes += results.opened_before(opened)
    if (tested := len(findings.answers.rows)) < len(ready.locked):
        notes.append(
            f"Tested on {tested:,} of {len(ready.locked):,} test images, drawn at random from each class, "
            "the same for all strategies: there was no time for more. 'autotl evaluate' can test on "
            "the others."
        )
    notes += ["The search was interrupted."] if explored.interrupted else []
    if setup.experience and (why := remember(ready, ledger, findings, setup.budget.seconds)):
        notes.append(why)
    notes += [f"The plugin {name} could not be loaded: {why}" for name, why in run.catalog.broken.items()]
    notes += [f"The plugin {name} was left out: {why}." for name, why in run.catalog.dropped.items()]
    scored = findings.arms.keys() | set(phase.baselines)
    untried = [arm.strategy for arm in explored.plan.arms if arm not in scored]
    document = report.collect(
        report.Evidence(
            name=report.data_name(setup.data),
            dataset=ready.dataset,
            plan=explored.plan,
            records=ledger.records(),
            findings=findings,
            verdict=judge(findings, untried, leaks_of(ready)),
            backbones=ready.networks,
            profile=profile(ready),
            catch_up=model.crossover,
            time_plan=explored.time_plan,
            experience=foretold(
                explored.prior, findings.winner.arm.strategy, [arm.strategy for arm in findings.arms]
            ),
            splits=ready.splits,
            notes=notes,
            seconds=run.clock.now() - run.started,
            search_seconds=explored.seconds,
            precision=precision(setup.device),
            machine=machine(setup.device),
            plugins=run.catalog.versions(),
            seed=setup.seed,
        )
    )
    doing("writing the report")
    for reporter in run.catalog.reporters.items.values():
        report.write(reporter, document, run.folder, watch=run.watch)
    readers = run.catalog.readers.items
    result = results.Result(
        run.folder,
        document,
        device=setup.device,
        read=lambda data, columns: read(data, readers=readers, columns=columns),
        temporary=run.temporary,
        measure=setup.metric,
        readers=lambda: readers,
    )
    run.catalog.tell("search_finished", result=result)
    run.keep(
        ended="interrupted" if explored.interrupted else "finished", elapsed=run.clock.now() - run.started
    )
    if explored.interrupted:
        raise KeyboardInterrupt
    return result
