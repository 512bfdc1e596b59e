"""Tables of the rows: accuracy, seconds, oracles, and the worth of each arm.

An oracle takes the arm with the best mean test accuracy of each case, which is known only afterwards. Its
accuracy is therefore too high. A failed run counts as a constant class.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from benchmarks.arms.worth import CASE, Worths, oracle, scores_of, worths_of

FIRST_ARMS = ("direct", "linear_probe", "finetune", "from_scratch", "scratch_small")
"""The arms of version 0.1; its baseline was ``from_scratch``, which ``scratch_small`` has replaced."""
NEAR, FAR = 0.55, 0.3
"""The likeness from which data is near the source, and below which it is far from it."""
CROSS_FITTED = "Worth of each arm in points, chosen and measured on different seeds (95 % interval)"
UPPER_BOUNDS = "Upper bounds of the worth of each arm in points: one seed chose and measured"


def read(path: Path) -> pd.DataFrame:
    """Return the latest row of each run."""
    key = [*CASE, "strategy", "seed", "budget", "backbone"]
    rows = pd.read_csv(path).drop_duplicates(key, keep="last")
    if len(settings := rows[["shots", "budget", "backbone"]].drop_duplicates()) > rows["shots"].nunique():
        raise ValueError(f"The rows of a number of shots must have one budget and backbone (got {settings}).")
    return rows


def summary(rows: pd.DataFrame) -> str:
    """Return all tables as Markdown."""
    scores = scores_of(rows)
    means, worths = means_of(scores), worths_of(scores, kinds_of(rows))
    parts = [
        ("Test accuracy in %, mean over seeds (± standard deviation)", _accuracies(scores, means)),
        ("Seconds of a run, by images a class (0: all), and the largest", _seconds(rows)),
        ("Oracles: test accuracy in %", _oracles(means)),
        (CROSS_FITTED if worths.cross_fitted else UPPER_BOUNDS, _worths(worths)),
        ("Arms that pay by default", _defaults(worths)),
    ]
    return "\n\n".join(f"## {title}\n\n{text}" for title, text in parts)


def means_of(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the mean over seeds, by case (rows) and strategy (columns); NaN if nothing was run."""
    return scores.groupby(level=CASE, sort=False).mean()


def kinds_of(rows: pd.DataFrame) -> pd.Series:
    """Return the kind of each case: images per class, and distance from the source by the median likeness."""
    likeness = rows.groupby("dataset")["likeness"].median()
    cases = rows[CASE].drop_duplicates()
    kinds = [
        f"{shots or 'all'} images, {_distance(float(likeness[dataset]))}"
        for dataset, shots in cases.itertuples(index=False)
    ]
    return pd.Series(kinds, index=pd.MultiIndex.from_frame(cases))


def _distance(likeness: float) -> str:
    if pd.isna(likeness):  # no run measured it
        return "unknown"
    return "near" if likeness >= NEAR else "far" if likeness < FAR else "middle"


def _accuracies(scores: pd.DataFrame, means: pd.DataFrame) -> str:
    spread = scores.groupby(level=CASE, sort=False).std()
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


def _worths(worths: Worths) -> str:
    lines = [
        [str(arm), *(_interval(worths, str(arm), str(kind)) for kind in worths.mean)]
        for arm in worths.mean.index
    ]
    return _markdown(["arm", *map(str, worths.mean)], lines)


def _interval(worths: Worths, arm: str, kind: str) -> str:
    """Return a worth and its interval; no interval with one data set, or of an upper bound."""
    value, low, high = (table.loc[arm, kind] for table in (worths.mean, worths.low, worths.high))
    text = _number(value, digits=2)
    if pd.isna(low) or not worths.cross_fitted:
        return text
    return f"{text} ({_number(low, digits=2)} to {_number(high, digits=2)})"


def _defaults(worths: Worths) -> str:
    if not worths.cross_fitted:
        return "Unknown: one seed gives upper bounds only. Run the command with two seeds or more."
    return ", ".join(worths.defaults) or "none"


def _names(case: object) -> list[str]:
    dataset, shots = case if isinstance(case, tuple) else (case, "")
    return [str(dataset), str(shots or "all")]


def _number(value: float, *, digits: int = 1) -> str:
    return "–" if pd.isna(value) else f"{value:.{digits}f}"


def _markdown(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rule = ["---", *("--:" for _ in header[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *lines))
