"""A resume that is refused changes nothing, and one that goes on takes what is damaged as it is."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import autotl
from autotl.api import Record
from autotl.errors import RunError
from autotl.results import read_run_file, write_run_file
from autotl.terminal import Silence
from autotl.testing import tiny_images

QUICK: dict[str, Any] = {"backbone": "tiny", "image_size": 32, "strategies": "linear_probe"}


class Interrupting(Silence):
    """Presses Ctrl-C after the first trial."""

    def scored(self, record: Record, best: Record | None) -> None:
        raise KeyboardInterrupt


def content(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "photos"
    for number, (image, name) in enumerate(zip(*tiny_images(classes=2, each=10), strict=True)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.asarray(image)).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture(scope="module")
def begun(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "run"
    with pytest.raises(KeyboardInterrupt):
        autotl.fit(photos, out=out, trials=2, watch=Interrupting(), **QUICK)
    return out


def test_a_refused_resume_leaves_a_finished_run_as_it_was(begun: Path, photos: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(begun, tmp_path / "run"))
    write_run_file(run, replace(read_run_file(run), ended="finished"))
    shutil.rmtree(run / ".cache")
    before = content(run)
    away = photos.rename(photos.with_name("away"))
    try:
        with pytest.raises(autotl.errors.DataError):
            autotl.resume(run, trials=9, watch=Silence())
    finally:
        away.rename(photos)
    assert content(run) == before
    with pytest.raises(RunError, match="cannot be resumed on other data"):
        autotl.resume(run, data=tiny_images(classes=2, each=9), trials=9, watch=Silence())
    assert content(run) == before


def test_a_refused_resume_of_a_run_without_a_journal_keeps_it(begun: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(begun, tmp_path / "run"))
    shutil.rmtree(run / "journal")
    with pytest.raises(RunError, match="cannot be resumed on other data"):
        autotl.resume(run, data=tiny_images(classes=2, each=9), watch=Silence())
    assert (run / "run.json").is_file()


def test_a_run_goes_on_with_damaged_studies_and_half_written_files(begun: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(begun, tmp_path / "run"))
    (run / "study.db").write_bytes(bytes(range(256)) * 80)
    (run / ".report.json.a1b2c3d4").write_text("{")
    told = json.loads((run / "run.json").read_text())
    told["arguments"]["of_a_newer_version"] = 1
    (run / "run.json").write_text(json.dumps(told))
    result = autotl.resume(run, watch=Silence())
    assert len(result.trials()) == 2
    assert (run / "report.before.json").is_file()
    assert not (run / ".report.json.a1b2c3d4").exists()
    notes = result.report["notes"]
    assert any("study.db was damaged" in note and "kept as study.damaged.db" in note for note in notes)
    assert any("of_a_newer_version, which this autotl does not know" in note for note in notes)
