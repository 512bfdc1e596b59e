"""A strategy, a runner and facts that cost nothing, for tests of the search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from autotl.api import (
    Applies,
    Arm,
    Backbone,
    Cost,
    DataConfig,
    Epoch,
    FoldScore,
    Job,
    JobProgress,
    Machine,
    OnProgress,
    Outcome,
    Pace,
    Params,
    Space,
    Stage,
    Task,
    Weights,
)
from autotl.clock import FakeClock
from autotl.search.search_inputs import SearchSpace
from autotl.seeds import derive
from autotl.testing import tiny_task

MACHINE = Machine("cpu", 2, 2**33)
TASK = tiny_task({"a": 50, "b": 50}, typical_size=32)
FOLDS, VAL = 5, 20


def backbone(name: str = "net", architecture: str = "arch") -> Backbone:
    return Backbone(
        name=name,
        architecture=architecture,
        origin="made up",
        digest=name,
        weights=Weights(name, name, "made up"),
        stages=(Stage("one", "one", 8, 2, 0.5), Stage("two", "two", 8, 4, 1.0)),
        features=8,
        parameters=100,
        config=DataConfig(64, (0.5,) * 3, (0.5,) * 3, "bilinear", 1.0, "center", False),
        classes=(),
        input_sizes=(32, 64),
        input_size=64,
        pace=Pace(32, 1000.0, 300.0),
    )


@dataclass
class Fake:
    """A strategy whose trials take ``seconds`` a fold and score ``skill`` plus what ``x`` adds."""

    name: str
    skill: float = 0.7
    seconds: float = 1.0
    baseline: bool = False
    applies_to: Callable[[Backbone], bool] = lambda backbone: True
    summary: str = "made up"
    reference: str = "none"

    def applies(self, task: Task, backbone: Backbone) -> Applies:
        return Applies(self.applies_to(backbone), "made up")

    def defaults(self, task: Task, backbone: Backbone) -> Params:
        return {"x": 0.5}

    def suggest(self, space: Space, task: Task, backbone: Backbone) -> Params:
        return {"x": space.suggest_float("x", 0.0, 1.0)}

    def cost(self, params: Params, task: Task, backbone: Backbone, machine: Machine) -> Cost:
        return Cost(self.takes(params))

    def takes(self, params: Params) -> float:
        """Return the seconds of a fold with these settings."""
        return self.seconds

    def rate(self, params: Params) -> float:
        """Return the accuracy of a network with these settings."""
        return self.skill + 0.1 * (params["x"] - 0.5)

    def build(self, params: Params, bench: Any) -> Any:
        raise AssertionError("the fake worker builds nothing")


def space_of(strategy: Fake) -> SearchSpace:
    """The space of one strategy on one network."""
    arm = Arm(strategy.name, "net")
    return SearchSpace([arm], {strategy.name: strategy}, {"net": backbone()}, {"net": TASK}, MACHINE)


@dataclass
class FakeWork:
    """Pretends to run jobs: time passes on ``clock``, and right guesses are drawn at the strategy's rate."""

    strategies: dict[str, Fake]
    clock: FakeClock
    folder: Path
    steps: int = 4
    fails: Callable[[Job], str] = lambda job: ""
    jobs: list[Job] = field(default_factory=list)

    def labels(self) -> list[np.ndarray]:
        return [np.arange(VAL) % 2 for _ in range(FOLDS)]

    def __call__(self, job: Job, on_progress: OnProgress) -> Outcome:
        self.jobs.append(job)
        strategy, started = self.strategies[job.strategy], self.clock.now()
        if why := self.fails(job):
            self.clock.advance(strategy.takes(job.params) / 2)
            return Outcome(job, "failed", (), self.clock.now() - started, why)
        scores: list[FoldScore] = []
        ended = None
        for fold in job.folds:
            begun = self.clock.now()
            for step in range(1, self.steps + 1):
                self.clock.advance(strategy.takes(job.params) / self.steps)
                score = self._score(job, fold)
                if ended := on_progress(job, JobProgress(fold, Epoch(step, score, step / self.steps))):
                    break
            hits = self._hits(job, fold)
            logits = np.eye(2, dtype=np.float32)[np.where(hits, self.labels()[fold], 1 - self.labels()[fold])]
            scores.append(FoldScore(fold, float(hits.mean()), logits, self.clock.now() - begun, self.steps))
            if ended:
                break
        model = self.folder / f"{job.number}.safetensors"
        if 0 in job.folds:
            model.write_bytes(b"weights")
        kept = {0: str(model)} if 0 in job.folds else {}
        return Outcome(job, ended or "complete", tuple(scores), self.clock.now() - started, "", kept, 32)

    def _hits(self, job: Job, fold: int) -> np.ndarray:
        rate = self.strategies[job.strategy].rate(job.params)
        return np.random.default_rng(derive(job.seed, fold)).random(VAL) < rate

    def _score(self, job: Job, fold: int) -> float:
        return float(self._hits(job, fold).mean())
