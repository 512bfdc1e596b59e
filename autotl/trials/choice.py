"""Choose among trials that score about the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from autotl.trials.trial import Trial

EQUAL_COST = 1.1
"""The factor within which two networks cost about the same to use."""
EQUAL_SCORE = 0.0025
"""The difference of expected scores at which the cheaper network is preferred, in units of accuracy."""

Rank = Callable[[Trial], tuple[float, float]]
"""Returns the expected score of a trial, and minus its cost."""


def candidates(trials: Iterable[Trial]) -> list[Trial]:
    """Return the trials that can be chosen; without others, pruned ones."""
    found = [trial for trial in trials if 0 in trial.folds and trial.model]
    found = [trial for trial in found if trial.state != "pruned"] or found
    return [trial for trial in found if trial.folds[0].epochs] or found


def cheapest_equal(
    leader: Trial, others: Sequence[Trial], *, rank: Rank, use_cost: Callable[[Trial], float], scale: float
) -> Trial:
    """Return the best of the cheapest trials that equal the leader.

    Args:
        leader: The trial with the highest rank.
        others: The trials to choose from, the leader included.
        rank: Orders trials by expected score and cost.
        use_cost: Returns the cost of using a trial's network.
        scale: The difference of the metric that corresponds to a difference of 1 in accuracy.
    """
    least = rank(leader)[0] - EQUAL_SCORE * scale
    tied = [each for each in others if each is leader or (not each.baseline and rank(each)[0] >= least)]
    limit = EQUAL_COST * min(map(use_cost, tied))
    return max((each for each in tied if use_cost(each) <= limit), key=rank)
