"""Running a job: what is kept when it ends early."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from autotl.api import Epoch, Job, Params, Said, State, Workbench
from autotl.cache import Store
from autotl.clock import WallClock
from autotl.search import Activations, Materials, Prepared, Worker
from autotl.testing import tiny_run


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"))


class LooksAgain:
    """Scores once where it is told to, then asks for features, which takes a pass over all images."""

    baseline = False

    def __init__(self, *, scores: bool) -> None:
        self._scores = scores

    def build(self, params: Params, bench: Workbench) -> LooksAgain:
        self._bench, self.side = bench, 32
        return self

    def fit(self) -> Generator[Epoch, None, None]:
        if self._scores:
            logits = torch.nn.functional.one_hot(self._bench.labels().val, 3).float()
            yield Epoch(1, 1.0, 0.5, logits)
        self._bench.features(side=32)
        yield Epoch(2, 0.0, 1.0, torch.zeros(len(self._bench.labels().val), 3))

    def module(self) -> nn.Module:
        return self._bench.model().eval()


def outcome(ready: Prepared, folder: Path, strategy: Any) -> Any:
    materials = Materials(ready.dataset, ready.splits, ready.backbones, Store(folder / "kept"), device="cpu")
    worker = Worker(
        materials,
        Activations(materials),
        ready.task,
        {"looks": strategy},
        folder / "trials",
        WallClock(),
    )

    def go(job: Job, said: Said) -> State | None:
        """The time is up while the features are computed."""
        return "stopped" if said.done is None and said.epoch.score is None else None

    return worker(Job(0, "looks", "tiny", {}, 0, (0,)), go)


def test_a_deadline_in_the_middle_of_a_pass_keeps_what_was_scored_before(
    ready: Prepared, tmp_path: Path
) -> None:
    found = outcome(ready, tmp_path, LooksAgain(scores=True))
    assert found.state == "stopped"
    assert [each.score for each in found.folds] == [1.0]
    assert Path(found.models[0]).is_file()


def test_a_deadline_before_anything_was_scored_leaves_a_stopped_trial(
    ready: Prepared, tmp_path: Path
) -> None:
    found = outcome(ready, tmp_path, LooksAgain(scores=False))
    assert found.state == "stopped"
    assert found.folds == ()
    assert found.why == "stopped: the time was up"


def test_a_baseline_stopped_before_it_scored_is_scored_as_it_is(ready: Prepared, tmp_path: Path) -> None:
    strategy = LooksAgain(scores=False)
    strategy.baseline = True
    found = outcome(ready, tmp_path, strategy)
    assert found.state == "stopped"
    assert [(each.fold, each.epochs) for each in found.folds] == [(0, 0)]
    assert found.folds[0].logits.shape == (len(ready.splits.folds[0].val), 3)
    assert Path(found.models[0]).is_file()
