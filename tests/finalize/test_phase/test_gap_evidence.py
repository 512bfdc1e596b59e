"""A run explains why its validation score is above its test score."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import autotl
from autotl.clock import Deadline, FakeClock
from autotl.evaluation import GapReasons
from autotl.finalize.test_phase.gap_evidence import gap_reasons
from autotl.report import parse
from autotl.report.sentences.validation_gap import validation_gap
from autotl.results import Result
from autotl.terminal import Silence
from autotl.testing import tiny_images

FRAMES = 6


def scenes(folder: Path, part: str, *, each: int, frames: int, seed: int) -> None:
    """Write ``each`` scenes of two indistinguishable classes, with ``frames`` near copies."""
    rng = np.random.default_rng(seed)
    images, _ = tiny_images(classes=5, each=each, side=32, noise=0.0, seed=seed)
    for number, row in enumerate(rng.permutation(len(images))[: 2 * each].tolist()):
        for frame in range(frames):
            noisy = images[row] + rng.normal(scale=4, size=images[row].shape)
            path = folder / part / "ab"[number % 2] / f"{number:03}_{frame:03}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(noisy.clip(0, 255).astype(np.uint8)).save(path)


def fitted(folder: Path, out: Path) -> Result:
    return autotl.fit(
        folder,
        out=out,
        backbone="tiny",
        trials=1,
        image_size=32,
        strategies="linear_probe",
        group="none",
        watch=Silence(),
    )


@pytest.fixture(scope="module")
def divided(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A run on scenes whose frames are in different folds, and other scenes in the test set."""
    folder = tmp_path_factory.mktemp("scenes")
    scenes(folder, "train", each=8, frames=FRAMES, seed=1)
    scenes(folder, "test", each=40, frames=1, seed=2)
    return fitted(folder, tmp_path_factory.mktemp("run") / "RUN")


def test_frames_of_one_scene_across_folds_are_named_as_the_cause(divided: Result) -> None:
    search = divided.report["search"]
    assert search["optimism_ci95"][0] > 0
    reasons = search["optimism_reasons"]
    copies = reasons["near_copies"]
    assert copies["found"]
    assert copies["share"] > 0.9
    assert copies["test_share"] < 0.3
    assert not copies["grouped"]
    for one, other in copies["examples"]:
        assert Path(one).stem.split("_")[0] == Path(other).stem.split("_")[0]
    assert not reasons["selection"]["found"]
    assert reasons["selection"]["trials"] == 1
    said = validation_gap(parse(divided.report))
    assert "have a near copy in their training fold" in said
    assert "`--group`" in said
    assert "best of" not in said


def test_the_cause_is_in_every_form_of_the_report(divided: Result) -> None:
    for form in ("md", "html"):
        assert "have a near copy in their training fold" in (divided.folder / f"report.{form}").read_text()


@pytest.fixture(scope="module")
def mislabelled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, list[Any]]:
    """A run on unrelated images with half of the test labels wrong, and the input of its gap check."""
    folder = tmp_path_factory.mktemp("data")
    images, names = tiny_images(classes=2, each=80, noise=0.5)
    kinds = sorted(set(names))
    for number, (image, name) in enumerate(zip(images, names, strict=True)):
        label = kinds[number // 2 % 2] if number % 2 else name
        path = folder / ("test" if number % 2 else "train") / label / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    given: list[Any] = []

    def noted(*arguments: Any) -> GapReasons | None:
        given.extend(arguments)
        return gap_reasons(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_module("autotl.finalize.test_phase.test_evaluation"), "gap_reasons", noted)
        return fitted(folder, tmp_path_factory.mktemp("run") / "RUN"), given


def test_a_gap_without_near_copies_does_not_name_them(mislabelled: tuple[Result, list[Any]]) -> None:
    result, _ = mislabelled
    search = result.report["search"]
    assert search["optimism_ci95"][0] > 0
    copies = search["optimism_reasons"]["near_copies"]
    assert copies["images"] > 0
    assert copies["test_images"] == 80
    assert copies["found"] is False
    said = validation_gap(parse(result.report))
    assert "--group" not in said


def test_near_copies_are_not_searched_after_the_deadline(mislabelled: tuple[Result, list[Any]]) -> None:
    _, given = mislabelled
    found = gap_reasons(*given, end=Deadline(FakeClock(1.0), at=0.0))
    assert found is not None
    assert found.near_copies is None
    assert found.selection.trials == 1
