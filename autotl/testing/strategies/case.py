"""Run a strategy on tiny images, and record its steps."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autotl.api import Backbone, Batch, Beat, Images, Params, Rows, Score, Strategy
from autotl.backbone import Frozen, Norm
from autotl.clock import FakeClock
from autotl.pipeline.prepare import Prepared
from autotl.testing.bench import with_additional_images, with_own_network
from autotl.training import preserve_global_state
from autotl.workbench.trial_workbench import TrialWorkbench

if sys.platform != "win32":
    import resource

SECONDS_PER_READ = 1.0
"""Seconds that reading some training images counts as, so that silence does not depend on the machine."""


class SpyWorkbench(TrialWorkbench):
    """A workbench that records its use.

    Attributes:
        spied_clock: Advances when training images are read.
        used: Names of the methods that were called.
        frozen: Frozen parts by :meth:`freeze`.
    """

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.spied_clock = FakeClock()
        self.start_clock(self.spied_clock)
        self.used: set[str] = set()
        self.frozen: list[Frozen] = []
        self._scores = False

    def freeze(self, model: nn.Module, through: int, *, norm: Norm = "frozen") -> Frozen:
        """Freeze, and record the parts.

        Args:
            model: The model.
            through: Number of stages.
            norm: The policy of BatchNorm statistics.
        """
        self.frozen.append(super().freeze(model, through, norm=norm))
        return self.frozen[-1]

    def inputs(self, *, input_size: int, augmented: bool = False) -> Rows[Images]:
        """Return images that advance the clock when they are read."""
        found = super().inputs(input_size=input_size, augmented=augmented)
        return Rows(_Read(found.train, self.spied_clock), found.val)

    def batches(self, **given: Any) -> Iterator[Batch]:
        """Yield batches, and advance the clock for each."""
        self.used.add("batches")
        if given.get("cut") is None:
            yield from super().batches(**given)
            return
        for batch in super().batches(**given):
            self.spied_clock.advance(SECONDS_PER_READ)
            yield batch

    def to_batch(self, inputs: Tensor) -> Tensor:
        """Convert images, and record that."""
        if not self._scores:
            self.used.add("to_batch")
        return super().to_batch(inputs)

    def score(self, *given: Any, **named: Any) -> Score:
        """Score a network; what that uses is not recorded."""
        self._scores = True
        try:
            return super().score(*given, **named)
        finally:
            self._scores = False

    def cut(self, *given: Any, **named: Any) -> Any:
        """Cut a model, and record that."""
        self.used.add("cut")
        return super().cut(*given, **named)

    def features(self, *, input_size: int) -> Rows[Tensor]:
        """Return features, and record that."""
        self.used.add("features")
        return super().features(input_size=input_size)


class _Read:
    """Images that advance a clock when they are read."""

    def __init__(self, images: Images, clock: FakeClock) -> None:
        self._images, self._clock = images, clock
        self.shape = getattr(images, "shape", (len(images),))

    def __len__(self) -> int:
        return len(self._images)

    def __getitem__(self, rows: Any) -> Tensor:
        self._clock.advance(SECONDS_PER_READ)
        return self._images[rows]


@dataclass(frozen=True, slots=True)
class Learned:
    """A learning that was recorded.

    Attributes:
        bench: The workbench.
        steps: The yielded steps.
        states: Weights of the delivered network at each score.
        silences: Seconds of the spied clock between two steps.
        memory: Resident memory after each step, in bytes.
        seconds: Duration of the whole, by the wall clock.
    """

    bench: SpyWorkbench
    steps: list[Beat | Score] = field(default_factory=list)
    states: list[dict[str, Tensor]] = field(default_factory=list)
    silences: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def scores(self) -> list[Score]:
        """The scores among the steps."""
        return [step for step in self.steps if isinstance(step, Score)]


@dataclass
class StrategyCase:
    """A strategy with a prepared run on tiny images.

    Attributes:
        strategy: The strategy.
        ready: The prepared run.
        backbone: The strategy's own network, or else ``tiny``.
    """

    strategy: Strategy
    ready: Prepared
    backbone: Backbone

    @cached_property
    def defaults(self) -> Params:
        """The default settings."""
        return self.strategy.defaults(self.ready.task, self.backbone)

    @cached_property
    def slowdown(self) -> float:
        """The time of a reference training divided by its cost."""
        from autotl.testing.strategies.reference import reference_slowdown

        return reference_slowdown(self.ready)

    @cached_property
    def usual(self) -> Learned:
        """A learning with the defaults and seed 7."""
        return self.learn()

    def bench(
        self, *, fold: int | None = 0, seed: int = 7, change: Callable[[Prepared], Prepared] = lambda x: x
    ) -> SpyWorkbench:
        """Return a workbench.

        Args:
            fold: The fold; None for the final refit.
            seed: The seed of the trial.
            change: Changes the prepared run.
        """
        ready = change(self.ready)
        rows = None if fold is None else ready.splits.folds[fold]
        bench = SpyWorkbench(ready.run_cache.without_test(), ready.task, self.backbone, rows, seed=seed)
        bench.strategy = self.strategy.name
        return bench

    def learn(
        self,
        *,
        fold: int | None = 0,
        seed: int = 7,
        global_seed: int = 0,
        change: Callable[[Prepared], Prepared] = lambda x: x,
    ) -> Learned:
        """Learn with the defaults to the end.

        Args:
            fold: The fold; None for the final refit.
            seed: The seed of the trial.
            global_seed: Seed of the global random numbers, which must not matter.
            change: Changes the prepared run.
        """
        bench = self.bench(fold=fold, seed=seed, change=change)
        found, started, last = Learned(bench), time.perf_counter(), 0.0
        with preserve_global_state():
            torch.manual_seed(global_seed)
            np.random.seed(global_seed)
            random.seed(global_seed)
            with closing(self.strategy.build(self.defaults, bench).fit()) as steps:
                for step in map(bench.checked, steps):
                    found.steps.append(step)
                    found.silences.append(bench.spied_clock.now() - last)
                    last = bench.spied_clock.now()
                    found.memory.append(_resident_bytes())
                    if isinstance(step, Score):
                        found.states.append(copied(bench.result.model.state_dict()))
        return replace(found, seconds=time.perf_counter() - started)


def case_of(strategy: Strategy, ready: Prepared) -> StrategyCase:
    """Return a strategy with the network that it is checked on."""
    ready = with_additional_images(with_own_network(ready, strategy), strategy)
    backbone = ready.baseline_networks.networks.get(strategy.name, ready.backbones["tiny"])
    return StrategyCase(strategy, ready, backbone)


def copied(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return copies of a network's weights."""
    return {name: value.detach().cpu().clone() for name, value in state.items()}


def equal_states(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    """Return whether two networks have the same weights."""
    return one.keys() == other.keys() and all(torch.equal(value, other[name]) for name, value in one.items())


def _resident_bytes() -> int:
    """Return the memory of this process in bytes; 0 on Windows."""
    if sys.platform == "win32":
        return 0
    if sys.platform == "linux":
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
