"""The worth of each arm: what the best arm of each case loses without it.

The best arm is chosen on all seeds but one, and its lead over the second is measured on that seed. The mean
over the seeds is the worth. It can be negative, and noise adds nothing to it on average. One seed would have
to choose and to measure, which gives an upper bound.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from autotl.leaderboard.rows.pivot import Block, Case
from autotl.leaderboard.stats.bootstrap import case_means, intervals

AVERAGE, KIND = 0.2, 1.0
CASE = ["dataset", "shots"]


@dataclass(frozen=True, slots=True)
class Worths:
    """The worth of each arm (rows) in points, on average and by kind of data (columns).

    Attributes:
        mean: The worths.
        low: The lower ends of their 95 % intervals over data sets and seeds; NaN with one data set.
        high: The upper ends.
        cross_fitted: Whether some seeds chose and another measured; otherwise ``mean`` is an upper bound.
    """

    mean: pd.DataFrame
    low: pd.DataFrame
    high: pd.DataFrame
    cross_fitted: bool

    @property
    def defaults(self) -> list[str]:
        """The arms that pay by default, the most worth first; none by upper bounds.

        An arm must add AVERAGE points on average, with an interval above 0. A kind of data decides only if
        its whole interval reaches KIND points, because the luckiest of many kinds is far from its mean.
        """
        if not self.cross_fitted:
            return []
        average = (self.mean["average"] >= AVERAGE) & (self.low["average"] > 0)
        kept = average | (self.low.drop(columns="average").max(axis="columns") >= KIND)
        return [str(arm) for arm in self.mean.index[kept]]


def scores_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the test accuracy in %, by case and seed (rows) and strategy (columns).

    A failed run has the accuracy of a constant class, which is that of equally frequent classes. A run
    that is missing has NaN.
    """
    classes = rows.groupby("dataset")["n_classes"].transform("max")
    filled = rows.assign(test=100 * rows["test"].astype(float).fillna(1 / classes.where(classes > 0)))
    pivoted = filled.pivot_table("test", [*CASE, "seed"], "strategy", aggfunc="mean")
    order = pd.MultiIndex.from_frame(rows[[*CASE, "seed"]].drop_duplicates())
    return pivoted.reindex(order)


def oracle(means: pd.DataFrame, arms: Collection[str]) -> pd.Series:
    """Return the accuracy of the best of some arms in each case; NaN if none has a score."""
    return means[[arm for arm in means if arm in arms]].max(axis="columns")


def worths_of(scores: pd.DataFrame, kinds: pd.Series) -> Worths:
    """Return the worth of each arm, cross-fitted if any case has two seeds.

    Cases with one seed do not count then, and cases without a second arm never do.

    Args:
        scores: The scores by case, seed and strategy.
        kinds: The kind of each case.
    """
    found = _cross_fitted(scores)
    cross_fitted = found is not None
    table = _upper_bounds(scores) if found is None else found
    kind = np.array([kinds[case] for case in table.index.droplevel("seed")])
    parts = {"average": np.ones(len(table), dtype=bool)} | {
        name: kind == name for name in dict.fromkeys(kinds) if (kind == name).any()
    }
    columns = {name: _summarised(table[chosen]) for name, chosen in parts.items()}
    mean, low, high = (
        pd.DataFrame({name: each[part] for name, each in columns.items()}, index=table.columns)
        for part in range(3)
    )
    order = mean.sort_values("average", ascending=False, kind="stable").index
    return Worths(mean.loc[order], low.loc[order], high.loc[order], cross_fitted)


def _cross_fitted(scores: pd.DataFrame) -> pd.DataFrame | None:
    """Return the worth measured on each seed, chosen on the others; None if no case has two seeds."""
    worths = {}
    for _, own in scores.groupby(level=CASE, sort=False):
        for held in own.index if len(own) > 1 else ():
            measured, others = own.loc[held], own.drop(index=[held]).mean()
            others = others[others.notna() & measured.notna()].sort_values(ascending=False, kind="stable")
            worth = pd.Series(np.nan, index=scores.columns)
            if len(others) > 1:
                first, second = others.index[:2]
                worth[others.index] = 0.0
                worth[first] = measured[first] - measured[second]
            worths[held] = worth
    if not worths:
        return None
    index = pd.MultiIndex.from_tuples(worths, names=scores.index.names)
    return pd.DataFrame(list(worths.values()), index=index)


def _upper_bounds(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the lead of the best arm of each case over the second, measured on the rows that chose it."""
    everything = oracle(scores, list(scores))
    return pd.DataFrame(
        {arm: everything - oracle(scores, [each for each in scores if each != arm]) for arm in scores}
    )


def _summarised(table: pd.DataFrame) -> tuple[list[float], list[float], list[float]]:
    """Return the mean of each arm over cases, and the ends of its interval; NaN without any."""
    blocks = [Block(Case(dataset, shots, "", 0.0), seed) for dataset, shots, seed in table.index]
    values = table.to_numpy(dtype=float)
    means = [np.nan if each is None else each for each in case_means(blocks, values)]
    ends = [(np.nan, np.nan) if each is None else each for each in intervals(blocks, values)]
    return means, [low for low, _ in ends], [high for _, high in ends]
