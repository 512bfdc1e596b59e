"""Tables of the rows: accuracy, seconds, oracles, and the worth of each arm.

An oracle takes the arm with the best mean test accuracy of each case, which is known only afterwards. The
worth of an arm is the oracle with it minus the oracle without it, in points. An arm pays by default
if it adds AVERAGE points on average, or KIND points on some kind of data.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd

FIRST_ARMS = ("direct", "linear_probe", "finetune", "from_scratch", "scratch_small")
"""The arms of version 0.1; its baseline was ``from_scratch``, which ``scratch_small`` has replaced."""
AVERAGE, KIND = 0.2, 1.0
NEAR, FAR = 0.55, 0.3
"""The likeness from which data is near the source, and below which it is far from it."""
CASE = ["dataset", "shots"]


def read(path: Path) -> pd.DataFrame:
    """Return the latest row of each run."""
    key = [*CASE, "strategy", "seed", "budget", "backbone"]
    rows = pd.read_csv(path).drop_duplicates(key, keep="last")
    if len(settings := rows[["shots", "budget", "backbone"]].drop_duplicates()) > rows["shots"].nunique():
        raise ValueError(f"The rows of a number of shots must have one budget and backbone (got {settings}).")
    return rows


def summary(rows: pd.DataFrame) -> str:
    """Return all tables as Markdown."""
    means = means_of(rows)
    worths = worths_of(means, kinds_of(rows))
    parts = [
        ("Test accuracy in %, mean over seeds (± standard deviation)", _accuracies(rows, means)),
        ("Seconds of a run, by images a class (0: all), and the largest", _seconds(rows)),
        ("Oracles: test accuracy in %", _oracles(means)),
        ("Worth of each arm in points, on average and by kind of data", _worths(worths)),
        ("Arms that pay by default", ", ".join(defaults_of(worths)) or "none"),
    ]
    return "\n\n".join(f"## {title}\n\n{text}" for title, text in parts)


def means_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the mean test accuracy in %, by case (rows) and strategy (columns).

    A strategy that failed on all seeds of a case, or does not apply there, has NaN.
    """
    pivoted = rows.pivot_table("test", CASE, "strategy", aggfunc="mean", dropna=False)
    cases = pd.MultiIndex.from_frame(rows[CASE].drop_duplicates())
    return 100 * pivoted.reindex(cases).dropna(axis="columns", how="all")


def kinds_of(rows: pd.DataFrame) -> pd.Series:
    """Return the kind of each case: images per class, and distance from the source by the median likeness."""
    likeness = rows.groupby("dataset")["likeness"].median()
    cases = rows[CASE].drop_duplicates()
    kinds = [
        f"{shots or 'all'} images, {_distance(float(likeness[dataset]))}"
        for dataset, shots in cases.itertuples(index=False)
    ]
    return pd.Series(kinds, index=pd.MultiIndex.from_frame(cases))


def oracle(means: pd.DataFrame, arms: Collection[str]) -> pd.Series:
    """Return the accuracy of the best of some arms in each case; NaN if none has a score."""
    return means[[arm for arm in means if arm in arms]].max(axis="columns")


def worths_of(means: pd.DataFrame, kinds: pd.Series) -> pd.DataFrame:
    """Return the worth of each arm in points: the mean over all cases, and over those of each kind.

    Cases without another arm do not count.
    """
    everything = oracle(means, list(means))
    gains = {arm: everything - oracle(means, [each for each in means if each != arm]) for arm in means}
    table = pd.DataFrame(gains)
    by_kind = table.groupby(kinds.reindex(table.index), sort=False).mean().T
    by_kind.insert(0, "average", table.mean())
    return by_kind.sort_values("average", ascending=False)


def defaults_of(worths: pd.DataFrame) -> list[str]:
    """Return the arms that the rule of thumb keeps, the most worth first."""
    kept = (worths["average"] >= AVERAGE) | (worths.drop(columns="average").max(axis="columns") >= KIND)
    return [str(arm) for arm in worths.index[kept]]


def _distance(likeness: float) -> str:
    if pd.isna(likeness):  # no run measured it
        return "unknown"
    return "near" if likeness >= NEAR else "far" if likeness < FAR else "middle"


def _accuracies(rows: pd.DataFrame, means: pd.DataFrame) -> str:
    spread = 100 * rows.pivot_table("test", CASE, "strategy", aggfunc="std").reindex(
        index=means.index, columns=means.columns
    )
    lines = []
    for case, own in means.iterrows():
        spreads = spread.loc[case]
        cells = [
            f"{_number(value)} ± {_number(spreads[arm])}" if pd.notna(spreads[arm]) else _number(value)
            for arm, value in own.items()
        ]
        lines.append([*_names(case), *cells])
    lines.append(["mean", "", *map(_number, means.mean())])
    return _markdown(["data", "images a class", *map(str, means)], lines)


def _seconds(rows: pd.DataFrame) -> str:
    done = rows[rows["status"] == "ok"]
    table = done.pivot_table("seconds", "strategy", "shots", aggfunc="mean")
    largest = done.groupby("strategy")["seconds"].max()
    lines = [[str(arm), *map(_number, own), _number(largest[arm])] for arm, own in table.iterrows()]
    return _markdown(["arm", *map(str, table), "largest"], lines)


def _oracles(means: pd.DataFrame) -> str:
    first, every = oracle(means, FIRST_ARMS), oracle(means, list(means))
    lines = [
        [
            *_names(case),
            _number(first[case]),
            _number(every[case]),
            str(own.idxmax()) if own.notna().any() else "–",
        ]
        for case, own in means.iterrows()
    ]
    lines.append(["mean", "", _number(first.mean()), _number(every.mean()), ""])
    return _markdown(["data", "images a class", "arms of 0.1", "all arms", "best arm"], lines)


def _worths(worths: pd.DataFrame) -> str:
    lines = [[str(arm), *(_number(value, digits=2) for value in own)] for arm, own in worths.iterrows()]
    return _markdown(["arm", *map(str, worths)], lines)


def _names(case: object) -> list[str]:
    dataset, shots = case if isinstance(case, tuple) else (case, "")
    return [str(dataset), str(shots or "all")]


def _number(value: float, *, digits: int = 1) -> str:
    return "–" if pd.isna(value) else f"{value:.{digits}f}"


def _markdown(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rule = ["---", *("--:" for _ in header[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *lines))
