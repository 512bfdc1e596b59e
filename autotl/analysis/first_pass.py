"""Compute the features of as many training images as the time allows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from statistics import median_low

from autotl.analysis.profile import keeps_activations
from autotl.analysis.sampling import Sample, Sampler
from autotl.api import Backbone
from autotl.budget.policy import POLICY
from autotl.clock import Deadline, OutOfTime
from autotl.config.run_settings import RunSettings
from autotl.preparation.record import SampleRecord
from autotl.workbench.activation_cache import ActivationCache
from autotl.workbench.run_cache import RunCache
from autotl.workbench.stage_prefill import prefill_late_stages

FEWEST = 64
"""The least images to learn from after a pass has run out of time."""
TRIES = 2
"""How many passes may run out of time; the next pass has no time limit."""
FEWEST_PARTS = 2
"""The parts of a pass that must show its pace before it stops early."""
EARLY = 0.1
"""The fraction of a pass after which it stops if the rest will not be done in time."""


def first_pass(
    sampler: Sampler, sample: Sample, say: Callable[[str], object], *, end: Deadline
) -> tuple[Sample, Deadline]:
    """Compute the features of the sample, or of fewer images.

    Fewer images are drawn if the features take too long.

    The pace of a backbone may have been measured while the machine was idle. If the pass runs out of time,
    the pace is corrected, and the number of images is decided again.

    Args:
        sampler: Draws the images.
        sample: The images to start with.
        say: Informs the user of images left out.
        end: The end of the budget; none if a recorded sample must be kept.

    Returns:
        The images with known features, and the deadline of the next steps: none after TRIES passes.
    """
    tries, finished = 0, set[str]()
    while (slower := _pass(sampler.settings, sample.run_cache, finished, end)) is not None:
        backbones = {name: _slowed(each, slower) for name, each in sample.backbones.items()}
        left = end.left()
        sample = sampler.draw(backbones, SampleRecord(left, FEWEST), before=sample.run_cache)
        for note in sample.notes:
            say(note)
        tries += 1
        if tries == TRIES or POLICY.training_pass * left <= FEWEST * max(map(_pace, backbones.values())):
            end = Deadline(end.clock)
    return sample, end


def _pass(settings: RunSettings, run_cache: RunCache, finished: set[str], end: Deadline) -> float | None:
    """Compute the features of all images with every backbone, in time.

    Args:
        settings: The options of the run.
        run_cache: The images and backbones.
        finished: Backbones whose features an earlier pass has computed; those of this pass are added.
        end: The end of the budget.

    Returns:
        None if all features are computed in time; else how many times longer it took than the paces
        predicted, at least 1.
    """
    passes, clock = end.share(POLICY.first_pass), end.clock
    activations = ActivationCache(run_cache, enabled=keeps_activations(settings))
    took = expected = 0.0
    for name, facts in run_cache.backbones.items():
        new = name not in finished and run_cache.cached_features(name, input_size=facts.input_size) is None
        started = clock.now()
        check = _InTime(passes, rows=len(run_cache.order), part=run_cache.batch_size)
        try:
            prefill_late_stages(run_cache, activations, name, check_cancelled=check)
            run_cache.features(name, input_size=facts.input_size, check_cancelled=check)
        except OutOfTime:
            if check.parts:
                took, expected = took + check.done * check.pace, expected + check.done * _pace(facts)
            elif not expected:  # there is no other evidence of the pace
                took, expected = clock.now() - started, FEWEST * _pace(facts)
            return max(1.0, took / expected)
        if new:
            took += clock.now() - started
            expected += len(run_cache.order) * _pace(facts)
        finished.add(name)
    return None


class _InTime:
    """A check before each part of a pass, which raises OutOfTime.

    It raises if the time is up, or as soon as the pace shows that the pass will be too late. The pass is then
    repeated with fewer images; its results so far are lost.

    Attributes:
        parts: The seconds per image of each finished part; loading the network comes before the first.
        done: The images of the finished parts.
    """

    def __init__(self, passes: Deadline, *, rows: int, part: int) -> None:
        self._passes, self._rows, self._part = passes, rows, part
        self._since: float | None = None
        self.parts: list[float] = []
        self.done = 0

    @property
    def pace(self) -> float:
        """The seconds per image.

        The median leaves out a single slow part: in the first one, the network may be compiled.
        """
        return median_low(self.parts)

    def __call__(self) -> None:
        now = self._passes.clock.now()
        if self._since is not None:
            part = min(self._part, self._rows - self.done)
            self.done += part
            self.parts.append((now - self._since) / max(part, 1))
        self._since = now
        self._passes.check()
        remaining = self._rows - self.done
        if remaining <= FEWEST or self.done <= EARLY * self._rows:  # another pass would take as long
            return
        if len(self.parts) >= FEWEST_PARTS and self.pace * remaining > self._passes.left():
            raise OutOfTime


def _pace(facts: Backbone) -> float:
    """Return the seconds that a backbone takes for an image."""
    return facts.pace.seconds(1, input_size=facts.input_size)


def _slowed(facts: Backbone, times: float) -> Backbone:
    pace = facts.pace
    return replace(facts, pace=replace(pace, forward=pace.forward / times, training=pace.training / times))
