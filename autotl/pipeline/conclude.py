"""The last step of a run: choose, test once, and write what it found."""

from __future__ import annotations

from dataclasses import replace

from autotl import report, results, search
from autotl.data import read
from autotl.errors import DataError, SearchError
from autotl.pipeline.experience import foretold, remember
from autotl.pipeline.run import Explored, Run, baselines_of, profile
from autotl.progress import doing
from autotl.training import precision, this_machine


def conclude(run: Run, ready: search.Prepared, explored: Explored) -> results.Result:
    """Deliver the best model and its report. If images have changed, deliver the model; raise DataError."""
    try:
        return _conclude(run, ready, explored)
    except DataError:
        if (best := explored.ledger.best()) is not None and best.model:
            search.deliver(run.folder / "model", ready.materials, best, best.model)
        raise


def _conclude(run: Run, ready: search.Prepared, explored: Explored) -> results.Result:
    ledger, setup = explored.ledger, run.setup
    if (winner := ledger.best()) is None:
        why = "; ".join(dict.fromkeys(f"{r.arm}: {r.why}" for r in ledger.records() if r.why))
        if explored.interrupted:
            raise KeyboardInterrupt
        raise SearchError(
            f"No trial ended with a usable model. {why or 'The budget ended too early: give more.'}"
        )
    doing("training the best trial on all images")
    baselines, worker = baselines_of(run, ready, explored.plan, ledger), explored.worker
    delivery: search.Delivery | None = None
    apart = search.independent_folds(ready, winner.arm.backbone)
    end = search.until_report(run.clock, run.started, setup.budget)
    if not explored.interrupted:
        try:
            delivery = search.settle(worker, ledger, winner, setup, run.started, independent=apart)
            search.repeat(worker, ledger, baselines, setup.budget, end=end)
        except KeyboardInterrupt:
            explored = replace(explored, interrupted=True)
    delivery = delivery or search.settle(
        worker, ledger, winner, setup, run.started, hurried=True, independent=apart
    )
    opened = 0 if run.file is None else run.file.tested
    run.keep(tested=opened + 1)
    doing(f"testing on {len(ready.locked):,} images")
    findings = search.finish(
        ledger,
        delivery,
        baselines=baselines,
        materials=ready.materials,
        examined=ready.examined,
        locked=ready.locked,
        measure=setup.metric,
        end=end,
        spare=search.spare(setup.budget),
        seed=setup.seed,
    )
    search.hand_over(run.folder / "model", ready.materials, delivery)
    results.write_predictions(run.folder / "test.csv", ready.dataset, findings.predictions)
    notes = [*ready.notes, *run.notes, *explored.notes, *search.missed(setup.limits, findings)]
    notes += results.repeated_test_notes(opened)
    if (tested := len(findings.predictions.rows)) < len(ready.locked):
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
    scored = findings.arms.keys() | set(baselines)
    untried = [arm.strategy for arm in explored.plan.arms if arm not in scored]
    document = report.collect(
        report.Evidence(
            name=report.data_name(setup.data),
            dataset=ready.dataset,
            plan=explored.plan,
            records=ledger.records(),
            findings=findings,
            verdict=results.judge(findings, untried, search.leaks_of(ready)),
            backbones=ready.networks,
            profile=profile(ready),
            catch_up=explored.catch_up,
            experience=foretold(
                explored.prior, findings.winner.arm.strategy, [arm.strategy for arm in findings.arms]
            ),
            splits=ready.splits,
            notes=notes,
            seconds=run.clock.now() - run.started,
            search_seconds=explored.seconds,
            precision=precision(setup.device),
            machine=this_machine(setup.device),
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
        metric=setup.metric,
        readers=lambda: readers,
    )
    run.catalog.tell("search_finished", result=result)
    run.keep(
        ended="interrupted" if explored.interrupted else "finished", elapsed=run.clock.now() - run.started
    )
    if explored.interrupted:
        raise KeyboardInterrupt
    return result
