"""The runs of strategies alone, as measurements of a benchmark suite."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autotl import bench
from autotl.bench.data_sets.data import Data
from autotl.bench.suite import Checkpoint, Suite
from autotl.leaderboard import Row, read_rows

SUITE = "arms"
Key = tuple[str, int, str, int, float, str]


@dataclass(frozen=True, slots=True)
class Cell:
    """A strategy on a data set, with a number of shots and a seed.

    Attributes:
        dataset: Name of the data set.
        shots: Training images per class; 0 for all.
        strategy: Name of the strategy.
        seed: Seed of the subset and of the run.
        seconds: The budget.
    """

    dataset: str
    shots: int
    strategy: str
    seed: int
    seconds: float

    def key(self, plan: ArmPlan) -> Key:
        """Return the columns that identify the row."""
        return self.dataset, self.shots, self.strategy, self.seed, self.seconds, plan.checkpoint.name


@dataclass(frozen=True, slots=True)
class ArmPlan:
    """The runs to take.

    Attributes:
        datasets: Names of the zips, without their ending.
        strategies: Names of the strategies.
        shots: Training images per class; 0 for all.
        seeds: Seeds.
        few_seconds: The budget with few images per class.
        all_seconds: The budget with all images.
        backbone: A name, or a folder of weights.
        data: The folder of the zips.
        work: The folder of prepared data and of the benchmark's own rows.
    """

    datasets: tuple[str, ...]
    strategies: tuple[str, ...]
    shots: tuple[int, ...]
    seeds: tuple[int, ...]
    few_seconds: float
    all_seconds: float
    backbone: str
    data: Path
    work: Path

    @property
    def checkpoint(self) -> Checkpoint:
        """The backbone; a folder goes by its last part."""
        folder = Path(self.backbone)
        return Checkpoint(folder.name, folder.name) if folder.is_dir() else Checkpoint(self.backbone)

    def measure(self, cell: Cell, *, again: bool = False) -> Row:
        """Run a cell in a separate process, as ``autotl bench`` does.

        Args:
            cell: The run.
            again: Whether an earlier failure is repeated.
        """
        plan = bench.BenchPlan(
            suite=self._suite(cell),
            out=self.work,
            only=(cell.strategy,),
            data=self.data,
            weights=Path(self.backbone).resolve().parent,
            device="auto",
            again=again,
        )
        rows = read_rows(bench.run(plan, lambda line: None))
        key = SUITE, cell.dataset, cell.shots, self.checkpoint.name, cell.strategy, cell.seed, cell.seconds
        return next(row for row in rows if row.key == key)

    def _suite(self, cell: Cell) -> Suite:
        return Suite(
            name=SUITE,
            summary="Every strategy alone at equal time.",
            metric="accuracy",
            datasets=(Data(cell.dataset, file=f"{cell.dataset}.zip"),),
            backbones=(self.checkpoint,),
            budgets=(cell.seconds,),
            seeds=(cell.seed,),
            shots=(cell.shots,),
            strategies=(cell.strategy,),
            defaults=False,
            selectors=(),
            autotl=False,
            peers=(),
            digest="",
            path=Path(__file__).parents[1] / "suites" / f"{SUITE}.toml",
        )


def cells(plan: ArmPlan) -> Iterator[Cell]:
    """Yield the runs: all strategies of a data set, shots and seed follow each other."""
    for seed, shots, dataset, strategy in itertools.product(
        plan.seeds, plan.shots, plan.datasets, plan.strategies
    ):
        yield Cell(dataset, shots, strategy, seed, plan.few_seconds if shots else plan.all_seconds)


def seconds_of(planned: Iterable[Cell]) -> float:
    """Return the seconds of all budgets."""
    return sum(cell.seconds for cell in planned)
