"""The calls a user makes, from data to a result: wiring only."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autotl import jsonio, plugins, report, results, search, terminal
from autotl.api import Columns, Outcome, Plan, Strategy, Watch
from autotl.cache import Store
from autotl.clock import Budget, Clock, WallClock, seconds
from autotl.data import read
from autotl.errors import RunError, SearchError
from autotl.train import keep_freed_memory, machine, metric, pick_device, precision

DEFAULT_BUDGET = "5m"


@dataclass(frozen=True, slots=True)
class _Run:
    """One call: what was asked for, opened and checked. The steps below share it."""

    setup: search.Setup
    folder: Path
    temporary: bool
    catalog: plugins.Catalog
    strategies: Mapping[str, Strategy]
    watch: Watch
    clock: Clock
    started: float


def fit(
    data: Any,
    *,
    out: str | Path | None = None,
    backbone: str | Path | Sequence[str | Path] = "auto",
    source: Any = None,
    budget: str | float | None = None,
    trials: int | None = None,
    strategies: str | Sequence[str] = (),
    without: Iterable[str] = (),
    metric: str = "accuracy",
    image_size: int | None = None,
    test: float = 0.2,
    image: str | None = None,
    label: str | None = None,
    group: str | None = None,
    device: str = "auto",
    seed: int = 0,
    watch: Watch | None = None,
) -> results.Result:
    """Search for the best way to transfer to ``data``; give the best model, and why it is the best.

    ``data`` is a folder of class folders, a zip of one, a table of image paths and labels (CSV, Parquet,
    DataFrame; name its columns with ``image``, ``label`` and ``group``), ``(images, labels)`` arrays, or a
    dataset of torch or Hugging Face. ``backbone`` is one or several timm names, folders or ``"tiny"``;
    ``source`` some images that the backbone was pretrained on. ``budget`` is wall-clock time ("90s", "10m",
    "2h"; five minutes where neither it nor ``trials`` is given); ``trials`` a number of trials; the first to
    run out ends the search. Everything is kept in the new folder ``out``, or in a temporary one that lives as
    long as the result. ``watch`` is told what happens; by default a line per trial is printed.

    Raises the errors of :mod:`autotl.errors` for what cannot be done. On Ctrl-C the best model so far is
    evaluated and saved before KeyboardInterrupt goes on.

    >>> result = autotl.fit("photos/", budget="2m")
    >>> print(result.verdict["sentence"])
    """
    clock = WallClock()
    setup = _setup(
        data,
        backbone,
        source,
        budget,
        trials,
        metric,
        image_size,
        test,
        Columns(image, label, group),
        device,
        seed,
    )
    catalog = plugins.load(without=without)
    chosen = catalog.strategies.pick([strategies] if isinstance(strategies, str) else strategies)
    folder = _folder(out)
    shown = terminal.Terminal(clock=clock) if watch is None else watch
    run = _Run(setup, folder, out is None, catalog, chosen, shown, clock, clock.now())
    keep_freed_memory()
    cache = folder / ".cache"
    try:
        ready = _prepare(run, cache)
        return _conclude(run, ready, _explore(run, ready, cache))
    except BaseException:
        if run.temporary:
            shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(cache, ignore_errors=True)
        if close := getattr(shown, "close", None):
            close()


def analyze(
    data: Any,
    *,
    backbone: str | Path | Sequence[str | Path] = "auto",
    source: Any = None,
    test: float = 0.2,
    image: str | None = None,
    label: str | None = None,
    group: str | None = None,
    image_size: int | None = None,
    without: Iterable[str] = (),
    device: str = "auto",
    seed: int = 0,
    watch: Watch | None = None,
) -> dict[str, Any]:
    """Profile ``data`` without training: ``{"when": …, "quality": …}`` as in ``report.json``.

    Counts, imbalance, duplicates, the distance to each backbone's source with its interval, and what the rule
    of thumb suggests. The arguments are those of :func:`fit`.
    """
    clock = WallClock()
    setup = _setup(
        data,
        backbone,
        source,
        DEFAULT_BUDGET,
        None,
        "accuracy",
        image_size,
        test,
        Columns(image, label, group),
        device,
        seed,
    )
    catalog = plugins.load(without=without)
    keep_freed_memory()
    with tempfile.TemporaryDirectory(prefix="autotl-") as folder:
        silent = terminal.Silence() if watch is None else watch
        run = _Run(setup, Path(folder), True, catalog, {}, silent, clock, clock.now())
        return _profile(_prepare(run, Path(folder) / ".cache"))


def load(folder: str | Path, *, device: str = "auto") -> results.Result:
    """Open a finished run folder. Raises RunError where it is none."""
    path = Path(folder)
    found = results.read_report(path)
    readers = plugins.load().readers.items
    return results.Result(
        path, found, device=pick_device(device), read=lambda data: read(data, readers=readers)
    )


def _setup(
    data: Any,
    backbone: str | Path | Sequence[str | Path],
    source: Any,
    budget: str | float | None,
    trials: int | None,
    measure: str,
    image_size: int | None,
    test: float,
    columns: Columns,
    device: str,
    seed: int,
) -> search.Setup:
    metric(measure)  # raises early for one nobody knows
    if budget is None and trials is None:
        budget = DEFAULT_BUDGET
    names = [backbone] if isinstance(backbone, str | Path) else list(backbone)
    return search.Setup(
        data=data,
        budget=Budget(None if budget is None else seconds(budget), trials),
        backbones=tuple(map(str, names)) or ("auto",),
        source=source,
        columns=columns,
        metric=measure,
        image_size=image_size,
        test=test,
        device=pick_device(device),
        seed=seed,
    )


def _folder(out: str | Path | None) -> Path:
    """The run folder, made."""
    if out is None:
        return Path(tempfile.mkdtemp(prefix="autotl-"))
    path = Path(out)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise RunError(f"{path} exists and is not empty. Give --out a new folder, or remove this one.")
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"The run folder {path} cannot be made: {error.strerror}.") from error
    return path


def _prepare(run: _Run, cache: Path) -> search.Prepared:
    return search.prepare(
        run.setup,
        readers=run.catalog.readers.items,
        sources=run.catalog.backbones.items,
        similarities=run.catalog.similarities.items,
        strategies=len(run.strategies),
        store=Store(cache),
        clock=run.clock,
        watch=run.watch,
    )


def _profile(ready: search.Prepared) -> dict[str, Any]:
    return report.profile(
        task=ready.task,
        splits=ready.splits,
        likeness=ready.likeness,
        advice=ready.advice,
        quality=ready.quality,
    )


@dataclass(frozen=True, slots=True)
class _Explored:
    """What the search leaves for the end."""

    plan: Plan
    ledger: search.Ledger
    worker: search.Worker
    seconds: float
    interrupted: bool


def _explore(run: _Run, ready: search.Prepared, cache: Path) -> _Explored:
    setup, clock = run.setup, run.clock
    box = machine(setup.device)
    arms, skipped = search.plan_arms(run.strategies, ready.backbones, ready.task, machine=box)
    if not arms:
        raise SearchError(f"No strategy applies to this data: {'; '.join(skipped.values())}.")
    budget = setup.budget
    plan = Plan(ready.task, tuple(arms), skipped, budget.seconds, budget.trials, len(ready.splits.folds))
    jsonio.write(run.folder / "profile.json", _profile(ready))
    results.write_split(run.folder / "split.csv", ready.dataset, ready.splits)
    run.catalog.tell("search_started", plan=plan)
    run.watch.started(plan)
    ledger = search.Ledger(ready.materials.fold_labels())
    worker = search.Worker(ready.materials, ready.task, run.strategies, cache / "trials", clock)
    searching = search.Search(
        arms,
        run.strategies,
        ready.backbones,
        ready.task,
        ledger,
        machine=box,
        budget=budget,
        clock=clock,
        until=search.deadline(run.started, budget, ledger, ready.materials, tests=len(ready.locked)),
        storage=search.open_storage(run.folder / "study.db"),
        watch=run.watch,
        seed=setup.seed,
    )
    begun, interrupted = clock.now(), False
    saved: tuple[int, str] | None = None
    try:
        for trial in searching.run(run.catalog.executors["serial"], worker):
            best = ledger.best()
            if best is not None and best.model and saved != (best.number, best.model):
                search.deliver(run.folder / "model", ready.materials, best, best.model)
                saved = best.number, best.model
            results.write_trials(run.folder / "trials.csv", ledger.records())
            record = ledger.record(trial)
            run.catalog.tell("trial_finished", record=record)
            run.watch.scored(record, ledger.record(best) if best else None)
    except KeyboardInterrupt:
        interrupted = True
        run.watch.say("Interrupted: evaluating the best model so far. Press Ctrl-C again to leave at once.")
    return _Explored(plan, ledger, worker, clock.now() - begun, interrupted)


def _conclude(run: _Run, ready: search.Prepared, explored: _Explored) -> results.Result:
    ledger, setup = explored.ledger, run.setup
    winner = ledger.best()
    if winner is None:
        why = "; ".join(dict.fromkeys(f"{r.arm}: {r.why}" for r in ledger.records() if r.why))
        if explored.interrupted:
            raise KeyboardInterrupt
        raise SearchError(
            f"No trial ended with a usable model. {why or 'The budget ended too early: give more.'}"
        )
    refit: Outcome | None = None
    if not explored.interrupted:
        refit = search.refit(explored.worker, winner, ready.splits, run.clock, run.started, setup.budget)
    findings = search.finish(
        ledger,
        winner,
        refit,
        baselines=[arm for arm in explored.plan.arms if run.strategies[arm.strategy].baseline],
        materials=ready.materials,
        locked=ready.locked,
        measure=setup.metric,
        clock=run.clock,
        seed=setup.seed,
    )
    search.deliver(run.folder / "model", ready.materials, winner, str(refit.model if refit else winner.model))
    notes = [*ready.notes, *(["The search was interrupted."] if explored.interrupted else [])]
    notes += [f"The plugin {name} could not be loaded: {why}" for name, why in run.catalog.broken.items()]
    document = report.collect(
        report.Evidence(
            name=report.data_name(setup.data),
            dataset=ready.dataset,
            plan=explored.plan,
            records=ledger.records(),
            findings=findings,
            verdict=results.judge(findings),
            backbones=ready.backbones,
            profile=_profile(ready),
            splits=ready.splits,
            notes=notes,
            seconds=run.clock.now() - run.started,
            search_seconds=explored.seconds,
            precision=precision(setup.device),
            machine=machine(setup.device),
            plugins={origin.distribution: origin.version for origin in run.catalog.origins()},
            seed=setup.seed,
        )
    )
    for reporter in run.catalog.reporters.items.values():
        report.write(reporter, document, run.folder, watch=run.watch)
    readers = run.catalog.readers.items
    result = results.Result(
        run.folder,
        document,
        device=setup.device,
        read=lambda data: read(data, readers=readers, columns=setup.columns),
        temporary=run.temporary,
    )
    run.catalog.tell("search_finished", result=result)
    if explored.interrupted:
        raise KeyboardInterrupt
    return result
