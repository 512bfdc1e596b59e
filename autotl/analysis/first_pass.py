"""Rank the backbones by one pass over as many training images as the time allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from autotl.analysis.backbone_ranking import Ranking
from autotl.analysis.profile import lasting, rank
from autotl.api import Backbone, Dataset, Splits, Transferability, Watch
from autotl.budget.policy import POLICY
from autotl.budget.subsampling import subsample
from autotl.cache import Store
from autotl.clock import Deadline, OutOfTime
from autotl.config.run_config import RunConfig
from autotl.preparation.group_record import GroupRecord
from autotl.preparation.image_groups import last_groups
from autotl.quality import Groups
from autotl.workbench.activation_cache import ActivationCache
from autotl.workbench.run_cache import RunCache
from autotl.workbench.stage_prefill import keep_late_maps

FEWEST = 64
"""The least images to learn from after a pass has run out of time."""
TRIES = 2
"""How many passes may run out of time; the next one has no time limit."""
EARLY = 0.1
"""The share of a pass after which it ends if the rest will not be done in time."""


@dataclass(frozen=True, slots=True)
class FirstPass:
    """Hold the images and backbones of a first pass, and its results.

    Attributes:
        splits: the training images that were seen, in the folds they had.
        backbones: those that were given, with the pace that the pass showed if it ran out of time.
        materials: the images and features of the pass.
        ranking: the backbones by their scores.
        left: seconds that were left when the number of images was decided; None without a budget.
        least: images to learn from however short the time.
        notes: what a report says of it.
        grouping: the groups of images that the folds keep together.
        known: the evidence for groups that were found before the split.
    """

    splits: Splits
    backbones: Mapping[str, Backbone]
    materials: RunCache
    ranking: Ranking
    left: float | None
    least: int
    notes: tuple[str, ...] = ()
    grouping: GroupRecord = field(default_factory=GroupRecord)
    known: Groups = field(default_factory=Groups)


def first_pass(
    setup: RunConfig,
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
    """Score the backbones; if a pass takes too long, score them on fewer images. Keep groups in one fold.

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
    found, tries, seen = start, 0, set[str]()
    while measures and (slower := _pass(setup, found.materials, seen, end)) is not None:
        backbones = {name: _slowed(each, slower) for name, each in found.backbones.items()}
        left = end.left()
        splits, notes = subsample(
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
        tries += 1
        if tries == TRIES or POLICY.training_pass * left <= FEWEST * max(map(_pace, backbones.values())):
            end = Deadline(end.clock)
        found = FirstPass(
            splits,
            backbones,
            RunCache(
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
            found.grouping,
            found.known,
        )
    materials, grouping = last_groups(setup, found.materials, found.grouping, found.known, end=end)
    found = replace(found, splits=materials.splits, materials=materials, grouping=grouping)
    return replace(found, ranking=rank(setup, found.materials, measures, end.clock, end=end))


def _pass(setup: RunConfig, materials: RunCache, seen: set[str], end: Deadline) -> float | None:
    """Compute the features of all images through every backbone, in a share of the time until ``end``.

    Args:
        setup: what the user asked for.
        materials: the images and backbones.
        seen: backbones whose features an earlier pass has computed; those that this pass completes are added.
        end: the end of the budget.

    Returns:
        None if all is computed in time; else how many times longer it took than the paces said, at least 1.
    """
    passes, clock = end.share(POLICY.first_pass), end.clock
    activations = ActivationCache(materials, on=lasting(setup))
    took = expected = 0.0
    for name, facts in materials.backbones.items():
        new = name not in seen and materials.known_features(name, side=facts.side) is None
        began = clock.now()
        pulse = _InTime(passes, rows=len(materials.order), part=materials.part)
        try:
            keep_late_maps(materials, activations, name, pulse=pulse)
            materials.features(name, side=facts.side, pulse=pulse)
        except OutOfTime:
            if pulse.done:
                took, expected = took + pulse.seconds, expected + pulse.done * _pace(facts)
            elif not expected:  # nothing else tells of the pace
                took, expected = clock.now() - began, FEWEST * _pace(facts)
            return max(1.0, took / expected)
        if new:
            took += clock.now() - began
            expected += len(materials.order) * _pace(facts)
        seen.add(name)
    return None


class _InTime:
    """A check before each part of a pass, which raises OutOfTime.

    It does so if the time is up, or as soon as the pace shows that it will be before the pass ends: the pass
    is made again over fewer images, and what it has computed by then is lost.

    Attributes:
        seconds: From the first part on: before it the network is loaded.
        done: Images that were seen in them.
    """

    def __init__(self, passes: Deadline, *, rows: int, part: int) -> None:
        self._passes, self._rows, self._part = passes, rows, part
        self._began: float | None = None
        self.seconds, self.done = 0.0, 0

    def __call__(self) -> None:
        now = self._passes.clock.now()
        if self._began is None:
            self._began = now
        else:
            self.seconds, self.done = now - self._began, min(self.done + self._part, self._rows)
        self._passes.check()
        ahead = self._rows - self.done
        if ahead <= FEWEST or self.done <= EARLY * self._rows:  # another pass would take as long
            return
        if self.seconds / self.done * ahead > self._passes.left():
            raise OutOfTime


def _pace(facts: Backbone) -> float:
    """Seconds that a backbone takes for an image."""
    return facts.pace.seconds(1, side=facts.side)


def _slowed(facts: Backbone, times: float) -> Backbone:
    pace = facts.pace
    return replace(facts, pace=replace(pace, forward=pace.forward / times, training=pace.training / times))
