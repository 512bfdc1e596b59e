"""Rank the backbones by one pass over as many training images as the time allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from autotl.api import Backbone, Dataset, Splits, Transferability, Watch
from autotl.cache import Store
from autotl.clock import Deadline, OutOfTime
from autotl.search.afford import LOOK_SHARE, affordable
from autotl.search.materials import Materials
from autotl.search.ranking import Ranking
from autotl.search.setup import Setup
from autotl.search.survey import rank

FEWEST = 64
"""Images by which the pace of a pass is judged: fewer were seen if even the first ones took too long."""
TRIES = 2
"""Passes that may run out of time; the next one takes the time it needs, as one over the fewest does."""


@dataclass(frozen=True, slots=True)
class FirstPass:
    """What the pass needed and found.

    Attributes:
        splits: the training images that were seen, in the folds they had.
        backbones: those that were given, with the pace that the pass showed if it ran out of time.
        materials: the images and features of the pass.
        ranking: the backbones by their scores.
        left: seconds that were left when the number of images was decided; None without a budget.
        least: images to learn from however short the time.
        notes: what a report says of it.
    """

    splits: Splits
    backbones: Mapping[str, Backbone]
    materials: Materials
    ranking: Ranking
    left: float | None
    least: int
    notes: tuple[str, ...] = ()


def first_pass(
    setup: Setup,
    start: FirstPass,
    dataset: Dataset,
    whole: Splits,
    store: Store,
    measures: Mapping[str, Transferability],
    watch: Watch,
    *,
    strategies: int,
    end: Deadline,
) -> FirstPass:
    """Score the backbones; if a pass takes too long, score them on fewer images.

    The pace of a backbone may have been measured while the machine was idle. If the pass runs out of time,
    the pace is corrected by what the pass showed, and the number of images is decided anew.

    Args:
        setup: what the user asked for.
        start: what to begin with; its ranking is ignored.
        dataset: the images.
        whole: the split before images were left out for lack of time.
        store: for images and features.
        measures: the scores, by name.
        watch: is told of images left out.
        strategies: how many will be tested.
        end: the end of the budget; none if a decision that was made before must be kept.
    """
    found = start
    for _ in range(TRIES):
        began = end.clock.now()
        try:
            return replace(found, ranking=rank(setup, found.materials, measures, end.clock, end=end))
        except OutOfTime as late:
            slower = _slower(found, late.done, end.clock.now() - began)
            backbones = {name: _slowed(each, slower) for name, each in found.backbones.items()}
            left = end.left()
            splits, notes = affordable(
                dataset,
                whole,
                backbones,
                left=left,
                strategies=strategies,
                seed=setup.seed,
                least=FEWEST,
            )
            for note in notes:
                watch.say(note)
            if LOOK_SHARE * left <= FEWEST * max(_paces(backbones)):
                end = Deadline(end.clock)
            found = FirstPass(
                splits,
                backbones,
                Materials(
                    dataset,
                    splits,
                    backbones,
                    store,
                    device=setup.device,
                    processes=setup.processes,
                    before=found.materials,
                ),
                found.ranking,
                left,
                FEWEST,
                tuple(notes),
            )
    return replace(found, ranking=rank(setup, found.materials, measures, end.clock, end=Deadline(end.clock)))


def _paces(backbones: Mapping[str, Backbone]) -> list[float]:
    """Seconds that each backbone takes for an image."""
    return [each.pace.seconds(1, side=each.side) for each in backbones.values()]


def _slower(found: FirstPass, done: int, took: float) -> float:
    """How many times longer the pass took than the pace said, at least 1."""
    return max(1.0, took / (max(done, FEWEST) * min(_paces(found.backbones))))


def _slowed(facts: Backbone, times: float) -> Backbone:
    pace = facts.pace
    return replace(facts, pace=replace(pace, forward=pace.forward / times, training=pace.training / times))
