"""Run every strategy alone at equal time, and summarise the worth of each.

    python -m benchmarks.arms run --data ZIPS
    python -m benchmarks.arms summary benchmarks/results/arms.csv

A row is appended to the file after each run, and rows in the file are not run again. Nothing else may run on
the machine. ``--dry-run`` prints the number of missing rows and their minutes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from autotl import plugins
from autotl.preparation.additional.roles import learnable
from benchmarks.arms.plan import ArmPlan, Cell, cells, seconds_of
from benchmarks.arms.rows import append, known, row_of
from benchmarks.arms.summary import read, summary

RESULTS = Path(__file__).parents[1] / "results" / "arms.csv"
DATASETS = (
    "flowers5", "hymenoptera", "textures10",
    "brain_mri", "traffic_signs",
    "pacs_sketch", "sign_digits", "steel_defect",
)  # fmt: skip
"""Data sets near the source, at a middle distance, and far from it, by ``results/when.csv``."""
BACKBONE = "efficientnet_lite0"
"""The backbone that ``autotl fit`` takes on a CPU."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help="run the missing rows")
    run.add_argument("--data", type=Path, required=True, help="the folder of the zips")
    run.add_argument("--datasets", nargs="+", default=list(DATASETS), help="names of zips, without .zip")
    run.add_argument("--strategies", nargs="+", default=[], help="default: every installed strategy")
    run.add_argument("--shots", nargs="+", type=int, default=[5, 20, 0], help="images a class; 0 for all")
    run.add_argument("--seeds", nargs="+", type=int, default=[0], help="two or more to name defaults")
    run.add_argument(
        "--seconds", nargs=2, type=float, default=(30.0, 60.0), metavar=("FEW", "ALL"),
        help="the time with few images a class, and with all",
    )  # fmt: skip
    run.add_argument("--backbone", default=BACKBONE, help="a name, or a folder of weights")
    run.add_argument("--out", type=Path, default=RESULTS, help="the file of rows")
    run.add_argument("--work", type=Path, default=Path("runs/arms"), help="the folder of prepared data")
    run.add_argument("--retry-failed", action="store_true")
    run.add_argument("--dry-run", action="store_true")
    run.set_defaults(command=_run)
    show = commands.add_parser("summary", help="print the tables of a file of rows")
    show.add_argument("file", type=Path)
    show.set_defaults(command=lambda given: print(summary(read(given.file))))
    given = parser.parse_args(arguments)
    given.command(given)


def _run(given: argparse.Namespace) -> None:
    """Run the missing rows, or print their number."""
    plan = ArmPlan(
        datasets=tuple(given.datasets),
        strategies=tuple(given.strategies) or tuple(sorted(learnable(plugins.load().strategies.items, ()))),
        shots=tuple(given.shots),
        seeds=tuple(given.seeds),
        few_seconds=given.seconds[0],
        all_seconds=given.seconds[1],
        backbone=given.backbone,
        data=given.data,
        work=given.work,
    )
    planned = list(cells(plan))
    done = known(given.out, retry_failed=given.retry_failed)
    missing = [cell for cell in planned if cell.key(plan) not in done]
    minutes = seconds_of(missing) / 60
    print(f"{len(planned)} rows, {len(missing)} of them missing: {minutes:.0f} minutes or more.", flush=True)
    for number, cell in enumerate([] if given.dry_run else missing, 1):
        row = row_of(plan.measure(cell, again=given.retry_failed), cell)
        append(given.out, row)
        print(f"{number}/{len(missing)}  {_described(cell, row)}", flush=True)


def _described(cell: Cell, row: dict[str, object]) -> str:
    shown = row["error"] if row["test"] is None else f"{row['test']} in {row['seconds']} s"
    return f"{cell.strategy} on {cell.dataset}, {cell.shots or 'all'} images a class: {shown}"


if __name__ == "__main__":
    main()
