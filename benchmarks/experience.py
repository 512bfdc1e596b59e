"""Create the experience rows that are shipped with autotl, from benchmark results or from new fits.

    python -m benchmarks.experience --out rows.csv results/public.parquet …
    python -m benchmarks.experience --backbone FOLDER --budget 90s --out rows.csv DATA.zip …

A results file gives a row for each strategy that was searched alone, on each data set, seed and budget. A
data set is fitted without experience, so the rows are independent of each other. Rows of one run share its
name.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import autotl
from autotl import bench, leaderboard
from autotl.bench import split as splits
from autotl.experience import Experience, Row, to_csv
from autotl.terminal import Silence


def rows_of_fit(data: Path, backbone: str, budget: str, folder: Path) -> list[Row]:
    """Fit a data set, and return its experience rows.

    Args:
        data: The data set.
        backbone: The backbone.
        budget: The budget.
        folder: Folder for the experience table.
    """
    table = folder / f"{data.stem}.sqlite3"
    os.environ["AUTOTL_EXPERIENCE"] = str(table)
    autotl.fit(data, backbone=backbone, budget=budget, watch=Silence())
    provenance = (
        f"shipped: {data.stem}, {Path(backbone).name}, {budget} on 2 CPU cores, autotl {autotl.__version__}"
    )
    rows = Experience(table).rows()
    return [replace(row, run=f"shipped-{data.stem}", provenance=provenance) for row in rows]


def rows_of_results(path: Path, architecture: str) -> list[Row]:
    """Return the experience rows of benchmark results.

    Args:
        path: The results file.
        architecture: Architecture of the backbone.
    """
    blocks: dict[tuple[object, ...], list[leaderboard.Row]] = defaultdict(list)
    for row in leaderboard.read_rows(path):
        if row.kind == "strategy" and row.status == "ok" and row.val is not None:
            blocks[row.dataset, row.shots, row.backbone, row.seed, row.budget_seconds].append(row)
    return [row for block in blocks.values() for row in _rows_of_block(block, architecture)]


def _rows_of_block(block: Sequence[leaderboard.Row], architecture: str) -> list[Row]:
    ranked = sorted(block, key=lambda row: -float(row.val or 0.0))
    first = ranked[0]
    suite = bench.load(first.suite)
    split = splits.read(suite.splits / splits.file_name(first.dataset, shots=first.shots, seed=first.seed))
    smallest = min(Counter(line.label for line in split.lines if line.part == "train").values())
    probe = [float(row.val or 0.0) for row in ranked if row.entrant == "linear_probe"]
    provenance = (
        f"shipped: {first.dataset}, {first.backbone}, {first.budget_seconds:g} s "
        f"on {first.threads} CPU cores, {first.plugin} {first.version}"
    )
    return [
        Row(
            run=f"shipped-{first.suite}-{first.dataset}-{first.shots}-{first.seed}-{first.budget_seconds:g}",
            created=row.created,
            provenance=provenance,
            data_digest=row.split,
            n_train=row.n_train,
            n_classes=row.n_classes,
            min_per_class=smallest,
            image_side=row.image_side,
            likeness=row.likeness,
            probe_score=probe[0] if probe else None,
            strategy=row.entrant,
            backbone_architecture=architecture,
            pretrained=True,
            metric=row.metric,
            score=row.val,
            test=row.test,
            rank=rank,
            regret=float(first.val or 0.0) - float(row.val or 0.0),
            params=json.dumps({k: v for k, v in row.params.items() if k != "strategy"}, sort_keys=True),
            seconds=row.seconds,
            budget_seconds=row.budget_seconds,
        )
        for rank, row in enumerate(ranked, 1)
    ]


def main() -> None:
    """Collect the rows of all files, and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--backbone", default="mobilenetv2_100")
    parser.add_argument("--budget", default="90s")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    found: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for data in given.data:
            if data.suffix == ".parquet":
                found += rows_of_results(data, given.backbone)
            else:
                found += rows_of_fit(data, given.backbone, given.budget, Path(folder))
            given.out.write_text(to_csv(Row, found), encoding="utf-8")
            print(data.stem, len(found), "rows", flush=True)


if __name__ == "__main__":
    main()
