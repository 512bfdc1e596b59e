"""Compare searches with constant choices of a strategy.

The searches are autotl and others; each constant choice is a single strategy.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from autotl import jsonio
from autotl.evaluation import holm
from autotl.leaderboard.rows.cases import case_labels
from autotl.leaderboard.rows.pivot import SINGLE_KINDS, Block, Floats, Grid, has_score, unique_index
from autotl.leaderboard.rows.row import Row
from autotl.leaderboard.stats import bootstrap
from autotl.leaderboard.stats.bootstrap import Interval
from autotl.leaderboard.stats.significance import MIN_DATASETS
from autotl.leaderboard.stats.winners_curse import Labels, selection_bias

SEARCH_KINDS = ("autotl", "selector")
"""The kinds of entrants that choose among strategies."""
_NAMED = {name: {jsonio.KEY: name} for name in ("ways", "luck", "behind", "worst", "worst_in", "why")}
"""Metadata of fields with another name in JSON."""


@dataclass(frozen=True, slots=True)
class Method:
    """A search, or the constant choice of one strategy.

    Means are over cases. Scores and regrets are fractions; a failure is credited with the score of guessing.

    Attributes:
        entrant: Name of the entrant.
        kind: Kind of the entrant.
        blocks: Number of blocks.
        test: Mean test score.
        regret: Mean regret; None if unknown.
        regret_ci95: Its 95 % interval; None with one data set.
        max_regret: Largest regret of a block; None if unknown.
        max_regret_block: Description of that block; empty if unknown.
        trials_per_minute: Scored trials per minute of the whole run; None if no run has a score.
        pairs: Number of pairs of data set and seed that it has in common with autotl.
        autotl_lead: Mean score of autotl minus its own on these pairs; None if there are none.
        p: p-value of Wilcoxon's signed-rank test over these pairs; None if no test is possible.
        p_holm: p-value corrected for all tested methods by Holm's method.
        reason: Reason why no test is possible; empty if one was made.
    """

    entrant: str
    kind: str
    blocks: int
    test: float
    regret: float | None
    regret_ci95: Interval | None
    max_regret: float | None = field(metadata=_NAMED["worst"])
    max_regret_block: str = field(metadata=_NAMED["worst_in"])
    trials_per_minute: float | None
    pairs: int
    autotl_lead: float | None = field(metadata=_NAMED["behind"])
    p: float | None
    p_holm: float | None
    reason: str = field(metadata=_NAMED["why"])


@dataclass(frozen=True, slots=True)
class BudgetCurve:
    """The mean test score of an entrant at each budget.

    The mean is over the tasks that all curves share.

    Attributes:
        entrant: Name of the entrant.
        kind: Kind of the entrant.
        points: Budget in seconds, and mean test score as a fraction.
    """

    entrant: str
    kind: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """The comparison of all methods.

    Attributes:
        methods: The methods, smallest regret first.
        bias: Selection bias of the best single strategy's score, a mean over cases; None if unknown.
        curves: Scores over budgets; empty with one budget.
    """

    methods: tuple[Method, ...] = field(metadata=_NAMED["ways"])
    bias: float | None = field(metadata=_NAMED["luck"])
    curves: tuple[BudgetCurve, ...]


def selection(grid: Grid, *, labels: Mapping[str, Labels] | None = None, seed: int = 0) -> Selection | None:
    """Compare all methods.

    Args:
        grid: The rows.
        labels: True labels of the test images by the hash of their split, for the selection bias.
        seed: Seed of the bootstrap.

    Returns:
        The comparison; None if no other search than autotl took part.
    """
    if "selector" not in grid.kinds:
        return None
    columns = [i for i, kind in enumerate(grid.kinds) if kind in (*SEARCH_KINDS, *SINGLE_KINDS)]
    methods = _with_holm(_methods(grid, columns, seed))
    return Selection(
        methods=tuple(sorted(methods, key=lambda m: (math.inf if m.regret is None else m.regret, m.entrant))),
        bias=selection_bias(grid, labels or {}, seed=seed),
        curves=_curves(grid, columns),
    )


def _methods(grid: Grid, columns: Sequence[int], seed: int) -> list[Method]:
    means = bootstrap.case_means(grid.blocks, np.hstack([grid.credited, grid.regret]))
    ci95 = bootstrap.intervals(grid.blocks, grid.regret, seed=seed)
    names = case_labels([block.case for block in grid.blocks])
    autotl = next((i for i, kind in enumerate(grid.kinds) if kind == "autotl"), None)
    methods = []
    for i in columns:
        max_regret, max_regret_block = _largest(grid.regret[:, i], grid.blocks, names)
        pairs, lead, p, reason = _against(grid, autotl, i)
        methods.append(
            Method(
                entrant=grid.entrants[i],
                kind=grid.kinds[i],
                blocks=int(grid.present[:, i].sum()),
                test=means[i] or 0.0,
                regret=means[len(grid.entrants) + i],
                regret_ci95=ci95[i],
                max_regret=max_regret,
                max_regret_block=max_regret_block,
                trials_per_minute=_trials_per_minute([line[i] for line in grid.rows]),
                pairs=pairs,
                autotl_lead=lead,
                p=p,
                p_holm=None,
                reason=reason,
            )
        )
    return methods


def _with_holm(methods: Sequence[Method]) -> list[Method]:
    tested = {method.entrant: method.p for method in methods if method.p is not None}
    corrected = dict(zip(tested, holm(list(tested.values())), strict=True))
    return [replace(method, p_holm=corrected.get(method.entrant)) for method in methods]


def _largest(regret: Floats, blocks: Sequence[Block], names: Sequence[str]) -> tuple[float | None, str]:
    if np.isnan(regret).all():
        return None, ""
    index = int(np.nanargmax(regret))
    return float(regret[index]), f"{names[index]}, seed {blocks[index].seed}"


def _trials_per_minute(rows: Sequence[Row | None]) -> float | None:
    scored = [row for row in rows if row is not None and has_score(row) and row.seconds > 0]
    seconds = sum(row.seconds for row in scored)
    return 60 * sum(len(row.trials) for row in scored) / seconds if seconds else None


def _against(grid: Grid, autotl: int | None, other: int) -> tuple[int, float | None, float | None, str]:
    """Return the number of pairs, autotl's mean lead, its p-value, and the reason if there is none."""
    from scipy.stats import wilcoxon

    if autotl is None or autotl == other:
        return 0, None, None, "" if autotl == other else "autotl did not take part"
    both = grid.present[:, autotl] & grid.present[:, other]
    block_leads = (grid.credited[:, autotl] - grid.credited[:, other])[both]
    chosen = [block for block, used in zip(grid.blocks, both, strict=True) if used]
    pairs, pair = unique_index(chosen, lambda block: (block.case.dataset, block.seed))
    leads = np.array([block_leads[pair == index].mean() for index in range(len(pairs))]).round(12)
    unequal = leads[leads != 0]
    if len(unequal) < MIN_DATASETS:
        reason = f"{len(unequal)} of {len(leads)} pairs are unequal: p < .05 is impossible"
        return len(leads), float(leads.mean()) if len(leads) else None, None, reason
    return len(leads), float(leads.mean()), float(wilcoxon(unequal).pvalue), ""


def _curves(grid: Grid, columns: Sequence[int]) -> tuple[BudgetCurve, ...]:
    """Return scores over budgets of the entrants that ran with each budget, on common tasks."""
    budgets = sorted({block.case.budget_seconds for block in grid.blocks})
    if len(budgets) < 2:
        return ()
    tasks, task = unique_index(
        grid.blocks, lambda block: (block.case.dataset, block.case.shots, block.case.backbone, block.seed)
    )
    table = np.full((len(tasks), len(budgets), len(columns)), np.nan)
    for block, scores in enumerate(grid.credited[:, list(columns)]):
        table[task[block], budgets.index(grid.blocks[block].case.budget_seconds)] = scores
    has_all: NDArray[np.bool_] = (~np.isnan(table)).all(axis=1).any(axis=0)  # (columns,)
    if not has_all.any():
        return ()
    table = table[:, :, has_all]
    table = table[~np.isnan(table).any(axis=(1, 2))]
    if not len(table):
        return ()
    shown = [i for i, has in zip(columns, has_all, strict=True) if has]
    means = table.mean(axis=0)  # (budgets, shown)
    return tuple(
        BudgetCurve(
            grid.entrants[i],
            grid.kinds[i],
            tuple((at, float(score)) for at, score in zip(budgets, means[:, column], strict=True)),
        )
        for column, i in enumerate(shown)
    )
