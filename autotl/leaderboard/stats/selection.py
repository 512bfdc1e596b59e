"""Whether choosing pays: autotl and other searches against every single strategy, always taken."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.leaderboard.rows.cases import label
from autotl.leaderboard.rows.pivot import SINGLE, Block, Floats, Grid, distinct, has_score
from autotl.leaderboard.stats import bootstrap
from autotl.leaderboard.stats.bootstrap import Interval
from autotl.leaderboard.stats.significance import FEWEST, holm
from autotl.leaderboard.stats.winners_curse import Labels, luck

SELECTS = ("autotl", "selector")
"""The kinds of entrants that choose among strategies."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way of selecting: an entrant that chooses, or a single strategy that is always taken.

    ``test`` and ``regret`` are means over cases, ``worst`` is the largest regret of a block and ``worst_in``
    that block in words; fractions, with a failed row credited with guessing. ``trials_per_minute`` counts
    scored trials over the whole time of a run. ``behind`` is autotl's mean lead over it, on the ``pairs`` of
    data set and seed that both ran in; ``p`` is of Wilcoxon's signed-rank test over these, ``p_holm``
    corrected for all ways that could be tested, both None where ``why`` says so.
    """

    entrant: str
    kind: str
    blocks: int
    test: float
    regret: float | None
    regret_ci95: Interval | None
    worst: float | None
    worst_in: str
    trials_per_minute: float | None
    pairs: int
    behind: float | None
    p: float | None
    p_holm: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Curve:
    """An entrant's mean test score at each budget in seconds, on what all curves were measured on."""

    entrant: str
    kind: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """All ways, the smallest regret first.

    ``luck`` is how much too high the best single strategy of a block scores because it was found on the
    images that score it, a mean over cases; None where that is not known. ``curves`` is empty with one
    budget.
    """

    ways: tuple[Way, ...]
    luck: float | None
    curves: tuple[Curve, ...]


def selection(laid: Grid, *, labels: Mapping[str, Labels] | None = None, seed: int = 0) -> Selection | None:
    """What the rows say of selecting; None where no other search than autotl's took part.

    ``labels`` are the true classes of the test images by the hash of their split: without them luck is not
    known.
    """
    if "selector" not in laid.kinds:
        return None
    taking = [i for i, kind in enumerate(laid.kinds) if kind in (*SELECTS, *SINGLE)]
    means = bootstrap.case_means(laid.blocks, np.hstack([laid.credited, laid.regret]))
    spread = bootstrap.intervals(laid.blocks, laid.regret, seed=seed)
    names = label([block.case for block in laid.blocks])
    own = next((i for i, kind in enumerate(laid.kinds) if kind == "autotl"), None)
    ways = []
    for i in taking:
        worst, where = _worst(laid.regret[:, i], laid.blocks, names)
        pairs, behind, p, why = _against(laid, own, i)
        ways.append(
            Way(
                entrant=laid.entrants[i],
                kind=laid.kinds[i],
                blocks=int(laid.present[:, i].sum()),
                test=means[i] or 0.0,
                regret=means[len(laid.entrants) + i],
                regret_ci95=spread[i],
                worst=worst,
                worst_in=where,
                trials_per_minute=_pace([line[i] for line in laid.rows]),
                pairs=pairs,
                behind=behind,
                p=p,
                p_holm=None,
                why=why,
            )
        )
    tested = [way for way in ways if way.p is not None]
    corrected = dict(
        zip(
            (way.entrant for way in tested),
            holm([way.p for way in tested if way.p is not None]),
            strict=True,
        )
    )
    ways = [replace(way, p_holm=corrected.get(way.entrant)) for way in ways]
    return Selection(
        ways=tuple(sorted(ways, key=lambda w: (math.inf if w.regret is None else w.regret, w.entrant))),
        luck=luck(laid, labels or {}, seed=seed),
        curves=_curves(laid, taking),
    )


def _worst(regret: Floats, blocks: Sequence[Block], names: Sequence[str]) -> tuple[float | None, str]:
    if np.isnan(regret).all():
        return None, ""
    place = int(np.nanargmax(regret))
    return float(regret[place]), f"{names[place]}, seed {blocks[place].seed}"


def _pace(rows: Sequence[Any]) -> float | None:
    """Scored trials a minute, over all rows that ended well."""
    scored = [row for row in rows if has_score(row) and row.seconds > 0]
    seconds = sum(row.seconds for row in scored)
    return 60 * sum(len(row.trials) for row in scored) / seconds if seconds else None


def _against(laid: Grid, own: int | None, other: int) -> tuple[int, float | None, float | None, str]:
    """The pairs of data set and seed, autotl's mean lead on them, its p, and why there is none."""
    from scipy.stats import wilcoxon

    if own is None or own == other:
        return 0, None, None, "" if own == other else "autotl did not take part"
    both = laid.present[:, own] & laid.present[:, other]
    ahead = (laid.credited[:, own] - laid.credited[:, other])[both]
    chosen = [block for block, here in zip(laid.blocks, both, strict=True) if here]
    units, unit = distinct(chosen, lambda block: (block.case.dataset, block.seed))
    leads = np.array([ahead[unit == place].mean() for place in range(len(units))]).round(12)
    unlike = leads[leads != 0]
    if len(unlike) < FEWEST:
        why = f"{len(unlike)} of {len(leads)} pairs are unequal: no test can reach p < .05"
        return len(leads), float(leads.mean()) if len(leads) else None, None, why
    return len(leads), float(leads.mean()), float(wilcoxon(unlike).pvalue), ""


def _curves(laid: Grid, taking: Sequence[int]) -> tuple[Curve, ...]:
    """Scores over budgets, of the entrants that ran with each budget, where all of them did."""
    budgets = sorted({block.case.budget_seconds for block in laid.blocks})
    if len(budgets) < 2:
        return ()
    units, unit = distinct(
        laid.blocks, lambda block: (block.case.dataset, block.case.shots, block.case.backbone, block.seed)
    )
    table = np.full((len(units), len(budgets), len(taking)), np.nan)
    for block, row in enumerate(laid.credited[:, list(taking)]):
        table[unit[block], budgets.index(laid.blocks[block].case.budget_seconds)] = row
    somewhere: NDArray[np.bool_] = (~np.isnan(table)).all(axis=1).any(axis=0)  # (taking,)
    if not somewhere.any():
        return ()
    table = table[:, :, somewhere]
    table = table[~np.isnan(table).any(axis=(1, 2))]
    if not len(table):
        return ()
    shown = [i for i, here in zip(taking, somewhere, strict=True) if here]
    means = table.mean(axis=0)  # (budgets, shown)
    return tuple(
        Curve(
            laid.entrants[i],
            laid.kinds[i],
            tuple((at, float(score)) for at, score in zip(budgets, means[:, column], strict=True)),
        )
        for column, i in enumerate(shown)
    )
