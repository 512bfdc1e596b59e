"""Run ``autotl fit`` on data sets and write what each arm showed: the rows of experience that autotl ships.

    python -m benchmarks.experience --backbone FOLDER --budget 90s --out rows.csv DATA.zip …

Each run starts without experience, so that no row owes anything to another. Rows of one run share its name.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import autotl
from autotl.experience import Experience, Row, rows_to_csv
from autotl.terminal import Silence


def rows_of(data: Path, backbone: str, budget: str, folder: Path) -> list[Row]:
    """What one run showed."""
    place = folder / f"{data.stem}.sqlite3"
    os.environ["AUTOTL_EXPERIENCE"] = str(place)
    autotl.fit(data, backbone=backbone, budget=budget, watch=Silence())
    said = (
        f"shipped: {data.stem}, {Path(backbone).name}, {budget} on 2 CPU cores, autotl {autotl.__version__}"
    )
    return [replace(row, run=f"shipped-{data.stem}", provenance=said) for row in Experience(place).rows()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--backbone", required=True)
    parser.add_argument("--budget", default="90s")
    parser.add_argument("--out", type=Path, required=True)
    told = parser.parse_args()
    found: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for data in told.data:
            found += rows_of(data, told.backbone, told.budget, Path(folder))
            told.out.write_text(rows_to_csv(found), encoding="utf-8")
            print(
                data.stem, [(row.strategy, row.rank, row.score, row.test) for row in found[-4:]], flush=True
            )


if __name__ == "__main__":
    main()
