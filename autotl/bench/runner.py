"""Run a suite: every measurement that is not there yet, some of them side by side, each kept as it ends."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from threading import Event

from autotl import plugins
from autotl.bench import split as splits
from autotl.bench.entry import Entrant, Entry, entrants, entries
from autotl.bench.material import Material, Missing, material
from autotl.bench.measure import measure, python
from autotl.bench.places import Seat, place
from autotl.bench.suite import Checkpoint, Data, Suite
from autotl.cache import exclusive_lock
from autotl.errors import BenchError, UnknownName
from autotl.leaderboard import Row, read_rows, write_rows
from autotl.training import pick_device

Say = Callable[[str], None]
PREPARING = 3600.0  # seconds a peer may take to install itself


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked of a benchmark: a suite, or the part of it that ``only``, ``datasets``, ``seeds`` and
    ``budgets`` name.

    ``workers`` measure side by side; ``executor`` is "local" or "ray". ``data`` and ``weights`` are the
    folders in which the suite's files and checkpoints lie. ``again`` repeats what failed.
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


def run(plan: Plan, say: Say) -> Path:
    """Measure what is not measured yet; gives the file with all rows, which is written after each.

    What was measured stays, whenever this is stopped: the same call goes on where it was. Raises BenchError
    where none of the suite's data sets or backbones is here, RunError where another process is at work in
    ``out``.
    """
    plan = replace(plan, device=pick_device(plan.device), out=plan.out.resolve())
    where = place(plan.executor, plan.workers)
    with exclusive_lock(plan.out / ".lock", str(plan.out)):
        catalog = plugins.load()
        taking_part = entrants(plan.suite, sorted(catalog.strategies.items), plan.only)
        materials = _materials(plan, catalog, say)
        backbones = _backbones(plan, say)
        asked = list(
            entries(
                plan.suite,
                taking_part,
                datasets=[data for data in plan.suite.datasets if _named(materials, data)],
                backbones=backbones,
                seeds=plan.seeds,
                budgets=plan.budgets,
            )
        )
        kept = _kept(plan.out)
        due = [e for e in asked if e.key not in kept or (plan.again and kept[e.key].status == "failed")]
        say(f"{len(asked)} measurements, {len(asked) - len(due)} of them done before.")
        broken = _prepare([each for each in taking_part if any(e.entrant == each for e in due)], say)
        measuring = _Measuring(plan, materials, broken)
        for count, (entry, row) in enumerate(where.run(due, measuring), 1):
            write_rows(plan.out / "rows" / f"{entry.id}.parquet", [row])
            assemble(plan.out)
            say(f"{count}/{len(due)}  {_said(row, entry)}")
        return assemble(plan.out)


def assemble(out: Path) -> Path:
    """Write all rows of a benchmark's folder into one file.

    A case has one likeness, the median of what its rows have measured.
    """
    rows = list(_kept(out).values())
    found: dict[tuple[str, int, str], list[float]] = {}
    for row in rows:
        if row.likeness is not None:
            found.setdefault((row.dataset, row.shots, row.backbone), []).append(row.likeness)
    alike = {case: median(values) for case, values in found.items()}
    rows = [replace(row, likeness=alike.get((row.dataset, row.shots, row.backbone))).sealed() for row in rows]
    write_rows(out / "results.parquet", sorted(rows, key=lambda row: row.key))
    return out / "results.parquet"


def _kept(out: Path) -> dict[tuple[object, ...], Row]:
    """What is measured already: the rows of their own files, and of a file of results put there to go on
    from.
    """
    whole = out / "results.parquet"
    paths = [*([whole] if whole.is_file() else []), *sorted((out / "rows").glob("*.parquet"))]
    return {row.key: row for path in paths for row in read_rows(path)}


_Materials = dict[tuple[str, int, int], Material]


def _materials(plan: Plan, catalog: plugins.Catalog, say: Say) -> _Materials:
    """The data sets that are here, with each split that the suite wants of them."""
    suite = plan.suite
    known = [data.name for data in suite.datasets]
    for name in plan.datasets:
        if name not in known:
            raise UnknownName("data set", name, known)
    found: _Materials = {}
    why = ""
    for data in suite.datasets:
        if plan.datasets and data.name not in plan.datasets:
            continue
        for shots in suite.shots:
            for seed in plan.seeds or suite.seeds:
                try:
                    made = material(
                        data,
                        shots=shots,
                        seed=seed,
                        folder=plan.out / ".data",
                        files=plan.data,
                        official=suite.splits,
                        readers=catalog.readers.items,
                    )
                except Missing as error:
                    say(f"Left out: {error}")
                    why = str(error)
                    break
                name = splits.file_name(data.name, shots=shots, seed=seed)
                splits.write(plan.out / "splits" / name, made.split)
                found[data.name, shots, seed] = made
    if not found:
        raise BenchError(f"None of the data sets of the suite {suite.name!r} is here. {why}")
    return found


def _named(materials: _Materials, data: Data) -> bool:
    return any(name == data.name for name, _, _ in materials)


def _backbones(plan: Plan, say: Say) -> list[Checkpoint]:
    here = []
    for checkpoint in plan.suite.backbones:
        if checkpoint.folder and not (plan.weights and (plan.weights / checkpoint.folder).is_dir()):
            say(f"Left out: {checkpoint.folder} is not in {plan.weights or 'a folder: give --weights'}.")
        else:
            here.append(checkpoint)
    if not here:
        raise BenchError(f"None of the backbones of the suite {plan.suite.name!r} is here: give --weights.")
    return here


def _prepare(taking_part: Sequence[Entrant], say: Say) -> dict[str, str]:
    """Let each peer install itself, untimed; gives what went wrong, by name."""
    broken = {}
    for entrant in taking_part:
        if entrant.peer is None:
            continue
        say(f"Preparing {entrant.name}.")
        try:
            done = subprocess.run(
                [*python(entrant.peer.command), "prepare", entrant.name],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=PREPARING,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            broken[entrant.name] = f"It could not be installed: {error}"
            continue
        if done.returncode:
            told = (done.stdout + done.stderr).strip().splitlines()[-8:]
            broken[entrant.name] = "It could not be installed: " + "\n".join(told)
    return broken


@dataclass(frozen=True, slots=True)
class _Measuring:
    """Measures an entry wherever it is sent: plain data, so that it can be sent."""

    plan: Plan
    materials: _Materials
    broken: dict[str, str]

    def __call__(self, entry: Entry, seat: Seat, stop: Event) -> Row:
        with _scratch(self.plan.out / ".work" / entry.id) as folder:
            return measure(
                entry,
                self.materials[entry.data.name, entry.shots, entry.seed],
                weights=self.plan.weights,
                seat=seat,
                device=self.plan.device,
                folder=folder,
                unable=self.broken.get(entry.entrant.name, ""),
                stop=stop,
            )


def _said(row: Row, entry: Entry) -> str:
    shown = f"{row.test:.3f}" if row.test is not None else "failed"
    why = f"\n    {row.error.splitlines()[-1]}" if row.error else ""
    return f"{shown}  {row.seconds:4.0f} s  {entry}{why}"


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """An empty folder for one measurement; what a killed one left there goes first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder.resolve()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
