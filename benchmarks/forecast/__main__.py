"""Fit the forecasts to the recorded results, cross-validate them, and write the shipped table.

    python -m benchmarks.forecast
    python -m benchmarks.forecast --write

The first prints the cross-validation, in which each data set is forecast from all others. The second also
writes ``autotl/forecast/table.json``.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import pandas as pd

from autotl.forecast import to_document
from benchmarks.forecast.measured import all_measured
from benchmarks.forecast.validation import RIVALS, Validation, cross_validate, fitted

TABLE = Path(__file__).parents[2] / "autotl" / "forecast" / "table.json"
DIGITS = 6
"""Significant digits of the table."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the shipped table")
    parser.add_argument("--out", type=Path, default=TABLE, help="the file of the table")
    given = parser.parse_args(arguments)
    measured = all_measured()
    print(summary(cross_validate(measured)))
    if given.write:
        text = json.dumps(rounded(to_document(fitted(measured))), indent=1, ensure_ascii=False)
        given.out.write_text(text + "\n", encoding="utf-8")


def summary(found: Validation) -> str:
    """Return the results of a cross-validation as text."""
    by_group = {str(name): each for name, each in found.rows.groupby("group")}
    lines = [_errors(name, each) for name, each in {"all": found.rows, **by_group}.items()]
    firsts = found.firsts
    lines += [
        f"Named first: won {firsts['won'].mean():.0%} of {len(firsts)} (mean chance "
        f"{firsts['chance'].mean():.0%}), {100 * firsts['regret'].mean():.1f} points below the best."
    ]
    for name in RIVALS:
        tried = firsts[f"regret {name}"].dropna()
        won = firsts.loc[tried.index, f"won {name}"].mean()
        lines.append(f"Always {name}: won {won:.0%} of {len(tried)}, {100 * tried.mean():.1f} points below.")
    return "\n".join(lines)


def _errors(name: str, rows: pd.DataFrame) -> str:
    error = 100 * (rows["expected"] - rows["score"]).abs().mean()
    naive = 100 * (rows["probe"] - rows["score"]).abs().mean()
    sets, inside = rows["data"].nunique(), rows["inside"].mean()
    return (
        f"{name}: {len(rows)} forecasts of {sets} data sets; mean absolute error {error:.1f} points "
        f"(of the probe's accuracy: {naive:.1f}); {inside:.0%} in the 90 % interval, "
        f"which is {100 * rows['width'].mean():.0f} points wide."
    )


def rounded(value: Any) -> Any:
    """Return JSON data with numbers of :data:`DIGITS` significant digits."""
    if isinstance(value, dict):
        return {name: rounded(each) for name, each in value.items()}
    if isinstance(value, list):
        return [rounded(each) for each in value]
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


if __name__ == "__main__":
    main()
