"""Publish measured gains in the package and the docs: ``python -m benchmarks.when.publish ROWS.csv``.

Rows by ``benchmarks.when`` with a budget of one minute are written to ``autotl/experience/gains.csv``, which
reports show, and to ``docs/pictures/size.svg``. Seeds are combined by the mean and the widest interval.
Prints the table for ``docs/before-training.md``.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from autotl.analysis.rule_of_thumb import SIMILAR
from autotl.experience import Gain, to_csv
from autotl.report import Spot, size

ROOT = Path(__file__).parents[2]
BUDGET = 60.0
FEW = 20
"""The largest number of images per class of a small data set."""


def main() -> None:
    """Write both files and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("rows", type=Path)
    gains = gains_of(pd.read_csv(parser.parse_args().rows))
    (ROOT / "autotl/experience/gains.csv").write_text(to_csv(Gain, gains), encoding="utf-8")
    spots = [Spot(each.data, each.per_class, each.likeness, each.verdict, each.gain) for each in gains]
    (ROOT / "docs/pictures/size.svg").write_text(size(spots), encoding="utf-8")
    print(table(gains), corners(gains), sep="\n\n")


def gains_of(rows: pd.DataFrame) -> list[Gain]:
    """Return the gain of each data set and size; rows without a gain are skipped."""
    known = rows[(rows["budget"] == BUDGET) & rows["gain"].notna() & rows["low"].notna()]
    found = []
    for (data, _), runs in known.groupby(["data", "per_class"], sort=False):
        low, high = float(runs["low"].min()), float(runs["high"].max())
        first = runs.iloc[0]
        found.append(
            Gain(
                str(data),
                round(float(runs["n_train"].mean())),
                int(first["classes"]),
                round(float(runs["likeness"].mean()), 3),
                BUDGET,
                str(first["transfer"]),
                str(first["scratch"]),
                round(float(runs["gain"].mean()), 4),
                low,
                high,
            )
        )
    return sorted(found, key=lambda each: (-each.likeness, each.data, each.per_class))


def table(gains: Sequence[Gain]) -> str:
    """Return a Markdown table of the gains of each data set by images per class, most similar first."""
    names = list(dict.fromkeys(each.data for each in gains))
    by_name = {name: [each for each in gains if each.data == name] for name in names}
    by_name = dict(sorted(by_name.items(), key=lambda item: -max(each.likeness for each in item[1])))
    lines = ["| data | likeness | gain in points by images of a class |", "|---|---|---|"]
    for name, own in by_name.items():
        ordered = sorted(own, key=lambda each: each.per_class)
        by_size = ", ".join(f"{each.per_class:.0f}: {_points(each)}" for each in ordered)
        likeness = sum(each.likeness for each in own) / len(own)
        lines.append(f"| {name} | {likeness:.2f} | {by_size} |")
    return "\n".join(lines)


def corners(gains: Sequence[Gain]) -> str:
    """Return a Markdown table of the gains by the cases of the rule of thumb: size and likeness."""
    lines = [
        "| images of a class | likeness | cases | gain in points | helps | hurts |",
        "|---|---|---|---|---|---|",
    ]
    for low, high in ((0, FEW), (FEW, math.inf)):
        for near in (True, False):
            own = [
                each for each in gains if low < each.per_class <= high and (each.likeness >= SIMILAR) == near
            ]
            if own:
                points = [round(100 * each.gain) for each in own]
                verdicts = [each.verdict for each in own]
                size = f"up to {FEW}" if low == 0 else f"over {FEW}"
                likeness = f"{SIMILAR} or more" if near else f"below {SIMILAR}"
                spread = f"{min(points):+d} to {max(points):+d}".replace("-", "−")
                counts = f"{verdicts.count('helps')} | {verdicts.count('hurts')}"
                lines.append(f"| {size} | {likeness} | {len(own)} | {spread} | {counts} |")
    return "\n".join(lines)


def _points(each: Gain) -> str:
    points = f"{100 * each.gain:+.0f}".replace("-", "−")
    return f"**{points}**" if each.verdict != "no_measurable_difference" else points


if __name__ == "__main__":
    main()
