"""Run a suite: take every missing measurement.

Some run in parallel, and each row is stored when it ends.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from threading import Event

from autotl import plugins
from autotl.api import DEPLOY, Strategy
from autotl.bench import split as splits
from autotl.bench.data_sets.data import Data
from autotl.bench.entry import Entrant, Entry, can_run, entrants, entries, takes_part
from autotl.bench.executors import Resources, make_executor
from autotl.bench.measure import measure
from autotl.bench.peers import install_peers
from autotl.bench.prepared_data import DataMissing, PreparedData, prepare_data
from autotl.bench.suite import Checkpoint, Suite
from autotl.cache import exclusive_lock
from autotl.errors import BenchError, UnknownName
from autotl.leaderboard import Row, read_rows, write_rows
from autotl.preparation.additional.roles import adaptations
from autotl.training import pick_device

Report = Callable[[str], None]
"""Shows a line of progress."""


@dataclass(frozen=True, slots=True)
class BenchPlan:
    """The part of a suite to measure, and how.

    Attributes:
        suite: The suite.
        out: Folder of the results.
        only: Names of entrants; empty for those of the suite.
        datasets: Names of data sets; empty for all.
        seeds: Seeds; empty for those of the suite.
        budgets: Budgets in seconds; empty for those of the suite.
        workers: Number of measurements at a time.
        executor: "local" or "ray".
        data: Folder of the suite's data files.
        weights: Folder of the suite's checkpoints.
        device: Device of the entrants, such as "cpu".
        again: Whether failed measurements are repeated.
    """

    suite: Suite
    out: Path
    only: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    budgets: tuple[float, ...] = ()
    workers: int = 1
    executor: str = "local"
    data: Path | None = None
    weights: Path | None = None
    device: str = "cpu"
    again: bool = False


def run(plan: BenchPlan, report: Report) -> Path:
    """Take all missing measurements, and return the file with all rows.

    The file is written after each measurement. If the run is interrupted, the same call continues it.

    Args:
        plan: The part of a suite to measure.
        report: Receives lines of progress.

    Raises:
        BenchError: If none of the suite's data sets or backbones is available.
        RunError: If another process uses the results folder.
    """
    plan = replace(plan, device=pick_device(plan.device), out=plan.out.resolve())
    executor = make_executor(plan.executor, plan.workers)
    with exclusive_lock(plan.out / ".lock", str(plan.out)):
        catalog = plugins.load()
        strategies = catalog.strategies.items
        taking_part = entrants(plan.suite, sorted(strategies), plan.only)
        prepared = _prepare_all(plan, catalog, report)
        planned = _entries(plan, taking_part, prepared, strategies, report)
        known = _known_rows(plan.out)
        missing = [
            entry
            for entry in planned
            if entry.key not in known or (plan.again and known[entry.key].status == "failed")
        ]
        report(f"{len(planned)} measurements, {len(planned) - len(missing)} of them done before.")
        needed = [each for each in taking_part if any(entry.entrant == each for entry in missing)]
        measure_entry = _MeasureEntry(plan, prepared, install_peers(needed, report))
        for count, (entry, row) in enumerate(executor.run(missing, measure_entry), 1):
            write_rows(plan.out / "rows" / f"{entry.id}.parquet", [row])
            assemble(plan.out)
            report(f"{count}/{len(missing)}  {_described(row, entry)}")
        return assemble(plan.out)


def assemble(out: Path) -> Path:
    """Write all rows of a results folder into one file.

    The likeness of a case is the median over its rows.
    """
    rows = list(_known_rows(out).values())
    measured: dict[tuple[str, int, str], list[float]] = {}
    for row in rows:
        if row.likeness is not None:
            measured.setdefault((row.dataset, row.shots, row.backbone), []).append(row.likeness)
    likeness = {case: median(values) for case, values in measured.items()}
    rows = [
        replace(row, likeness=likeness.get((row.dataset, row.shots, row.backbone))).sealed() for row in rows
    ]
    write_rows(out / "results.parquet", sorted(rows, key=lambda row: row.key))
    return out / "results.parquet"


def _entries(
    plan: BenchPlan,
    taking_part: Sequence[Entrant],
    prepared: _Prepared,
    strategies: Mapping[str, Strategy],
    report: Report,
) -> list[Entry]:
    """Return the measurements of entrants that take part, or that are named and can run."""
    found = list(
        entries(
            plan.suite,
            taking_part,
            datasets=[data for data in plan.suite.datasets if _is_prepared(prepared, data)],
            backbones=_backbones(plan, report),
            seeds=plan.seeds,
            budgets=plan.budgets,
        )
    )
    if plan.only:
        able = [each for each in found if can_run(each.entrant, each.data, strategies)]
        for entrant in taking_part:
            if entrant not in {each.entrant for each in able}:
                raise BenchError(
                    f"{entrant.name} can run on no data set of the suite {plan.suite.name!r}: they lack the "
                    "images that it learns from, or have other targets. Leave it out."
                )
        return able
    return [each for each in found if takes_part(each.entrant, each.data, plan.suite, strategies)]


def _known_rows(out: Path) -> dict[tuple[object, ...], Row]:
    """Return the rows of earlier measurements, also those of a results file put into the folder."""
    whole = out / "results.parquet"
    paths = [*([whole] if whole.is_file() else []), *sorted((out / "rows").glob("*.parquet"))]
    return {row.key: row for path in paths for row in read_rows(path)}


_Prepared = dict[tuple[str, int, int], PreparedData]


def _prepare_all(plan: BenchPlan, catalog: plugins.Catalog, report: Report) -> _Prepared:
    """Prepare every available data set, with each split of the suite."""
    suite = plan.suite
    known = [data.name for data in suite.datasets]
    for name in plan.datasets:
        if name not in known:
            raise UnknownName("data set", name, known)
    found: _Prepared = {}
    problem = ""
    for data in suite.datasets:
        if plan.datasets and data.name not in plan.datasets:
            continue
        try:
            found |= _prepare_splits(plan, data, catalog)
        except DataMissing as error:
            report(f"Left out: {error}")
            problem = str(error)
    if not found:
        raise BenchError(f"No data set of the suite {suite.name!r} is available. {problem}")
    return found


def _prepare_splits(plan: BenchPlan, data: Data, catalog: plugins.Catalog) -> _Prepared:
    if DEPLOY in data.additional and not adaptations(catalog.strategies.items):
        raise DataMissing(
            f"{data.name}: no installed strategy adapts to its images of the place of use. Install a plugin "
            "such as autotl-adapt."
        )
    if data.modality == "text" and find_spec("tokenizers") is None:
        raise DataMissing(f"{data.name}: texts need pip install 'autotl[text]'.")
    found: _Prepared = {}
    for shots in plan.suite.shots_of(data):
        for seed in plan.seeds or plan.suite.seeds:
            prepared = prepare_data(
                data,
                shots=shots,
                seed=seed,
                folder=plan.out / ".data",
                files=plan.data,
                official=plan.suite.splits,
                readers=catalog.readers.items,
            )
            name = splits.file_name(data.name, shots=shots, seed=seed)
            splits.write(plan.out / "splits" / name, prepared.split)
            found[data.name, shots, seed] = prepared
    return found


def _is_prepared(prepared: _Prepared, data: Data) -> bool:
    return any(name == data.name for name, _, _ in prepared)


def _backbones(plan: BenchPlan, report: Report) -> list[Checkpoint]:
    available = []
    for checkpoint in plan.suite.backbones:
        if checkpoint.folder and not (plan.weights and (plan.weights / checkpoint.folder).is_dir()):
            report(f"Left out: {checkpoint.folder} is not in {plan.weights or 'a folder. Give --weights'}.")
        else:
            _check_weights(checkpoint, plan.weights)
            available.append(checkpoint)
    if not available:
        raise BenchError(f"No backbone of the suite {plan.suite.name!r} is available. Give --weights.")
    return available


def _check_weights(checkpoint: Checkpoint, weights: Path | None) -> None:
    """Raise BenchError if the checkpoint is not the suite's."""
    if not (checkpoint.sha256 and checkpoint.folder and weights):
        return
    file = weights / checkpoint.folder / "model.safetensors"
    found = sha256(file.read_bytes()).hexdigest() if file.is_file() else "no such file"
    if found != checkpoint.sha256:
        raise BenchError(
            f"{file} must have the SHA-256 {checkpoint.sha256} (got {found}). "
            "Use the suite's checkpoint, or your own suite."
        )


@dataclass(frozen=True, slots=True)
class _MeasureEntry:
    """Measures an entry; plain data, so that it can be sent to another process.

    Attributes:
        plan: The plan.
        prepared: The prepared data sets.
        unable: Failed installations by the name of the peer.
    """

    plan: BenchPlan
    prepared: _Prepared
    unable: dict[str, str]

    def __call__(self, entry: Entry, resources: Resources, stop: Event) -> Row:
        with _empty_folder(self.plan.out / ".work" / entry.id) as folder:
            return measure(
                entry,
                self.prepared[entry.data.name, entry.shots, entry.seed],
                weights=self.plan.weights,
                resources=resources,
                device=self.plan.device,
                folder=folder,
                unable=self.unable.get(entry.entrant.name, ""),
                stop=stop,
            )


def _described(row: Row, entry: Entry) -> str:
    shown = f"{row.test:.3f}" if row.test is not None else "failed"
    error = f"\n    {row.error.splitlines()[-1]}" if row.error else ""
    return f"{shown}  {row.seconds:4.0f} s  {entry}{error}"


@contextmanager
def _empty_folder(folder: Path) -> Iterator[Path]:
    """Create an empty folder for the block, without the files of a killed measurement."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder.resolve()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
