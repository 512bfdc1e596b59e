"""Whole runs that stop trials early and go on with some of them."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import Tensor

import autotl
from autotl import plugins
from autotl.api import Beat, HeadSetting, Params, Record, Score, Space, Workbench
from autotl.builtin.strategies.probes.linear_probe import LinearProbe
from autotl.terminal import Silence
from autotl.testing import tiny_images

STEPS = 10


class Killed(BaseException):
    """Nothing that comes after is done, as far as a process can do that to itself."""


@dataclass
class Killing(Silence):
    """Ends the run after so many turns of trials."""

    left: int = -1

    def scored(self, record: Record, best: Record | None) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed


class Late(LinearProbe):
    """A probe that is mixed with noise at first: for the longer, the later it blooms."""

    name = "late"

    def defaults(self, task: Any, backbone: Any) -> Params:
        return {"bend": 1.0, "c": 0.01}

    def suggest(self, space: Space, task: Any, backbone: Any) -> Params:
        bend = space.suggest_float("bend", 0.3, 3.0)
        return {"bend": bend, "c": space.suggest_float("c", 1e-5, 1e-1, log=True)}

    def cost(self, params: Params, task: Any, backbone: Any, machine: Any) -> Any:
        return super().cost({"image_size": 32}, task, backbone, machine)

    def build(self, params: Params, bench: Workbench) -> Any:
        return Blooming(bench, params["bend"], params["c"])


@dataclass
class Blooming:
    bench: Workbench
    bend: float
    c: float
    begun: int = 0

    def fit(self) -> Generator[Beat | Score, None, None]:
        ((weight, bias),) = self.bench.linear_heads([HeadSetting(self.c)], input_size=32)
        noise = weight.std() * torch.randn(weight.shape, generator=self.bench.generator("noise"))
        for step in range(self.begun + 1, STEPS + 1):
            self.step, share = step, (step / STEPS) ** self.bend
            mixed = share * weight + (1 - share) * noise
            yield self.bench.score_head(mixed, bias, input_size=32, epoch=step, progress=step / STEPS)

    def checkpoint(self) -> Mapping[str, Tensor]:
        return {"step": torch.tensor(self.step)}

    def resume(self, checkpoint: Mapping[str, Tensor]) -> None:
        self.begun = int(checkpoint["step"])


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "photos"
    for number, (image, name) in enumerate(zip(*tiny_images(classes=3, each=20), strict=True)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(number).integers(0, 256, image.shape)
        Image.fromarray((0.2 * image + 0.8 * noise).astype(np.uint8)).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture(autouse=True)
def with_late(monkeypatch: pytest.MonkeyPatch) -> None:
    real = plugins.load

    def load(found: object = None, *, without: Any = ()) -> plugins.Catalog:
        catalog = real(without=without)
        catalog.strategies.add(Late(), plugins.Origin("late", "autotl-late", "1.0"))
        return catalog

    monkeypatch.setattr(plugins, "load", load)


def run(photos: Path, out: Path, kill: int = -1) -> Any:
    asked = {"backbone": "tiny", "image_size": 32, "strategies": "late", "trials": 14, "experience": False}
    return autotl.fit(photos, out=out, watch=Killing(kill), resume=True, **asked)  # type: ignore[arg-type]


def tried(folder: Path) -> list[tuple[Any, ...]]:
    table = pd.read_csv(folder / "trials.csv", keep_default_na=False)
    columns = ["number", "params", "state", "score", "folds", "epochs", "why"]
    return list(table[columns].itertuples(index=False, name=None))


@pytest.mark.slow
def test_a_run_killed_on_the_way_goes_on_with_the_same_stopped_trials(photos: Path, tmp_path: Path) -> None:
    result = run(photos, tmp_path / "whole")
    rows = tried(tmp_path / "whole")
    gone_on = [row for row in rows if "resumed later" in row[-1]]
    assert gone_on
    assert all(row[2] == "complete" and row[5] == STEPS for row in gone_on)
    assert result.report["search"]["gone_on"] == len(gone_on)
    assert sum(row["gone_on"] for row in result.report["trials"]) == len(gone_on)
    assert not (tmp_path / "whole" / ".cache").exists()  # and the checkpoints in it
    lives = 0
    while not (tmp_path / "killed" / "report.json").is_file():
        try:
            run(photos, tmp_path / "killed", kill=8)
        except Killed:
            lives += 1
    assert lives >= 2
    assert tried(tmp_path / "killed") == rows
