"""The code in the report can be pasted and run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

import autotl
from autotl.report import html, markdown, parse
from autotl.report.sections import use
from autotl.terminal import Silence
from autotl.testing import tiny_images

TIMM = use.code(use.TIMM, "single_label")
SAMPLE = json.loads((Path(__file__).parents[1] / "sample.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    images, labels = tiny_images(classes=2, each=12)
    place = tmp_path_factory.mktemp("use")
    autotl.fit(
        (images, labels),
        out=place / "run",
        backbone="tiny",
        strategies="linear_probe",
        trials=1,
        image_size=32,
        watch=Silence(),
    )
    Image.fromarray(images[0]).save(place / "photo.jpg")
    return place


@pytest.mark.parametrize("lines", [use.AUTOTL.format(inputs='"photo.jpg"'), TIMM], ids=["autotl", "timm"])
def test_the_lines_end_in_a_label(
    folder: Path, lines: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    exec(compile(lines.replace("RUN", "run"), "report.html", "exec"), {})  # the lines are ours
    expected = autotl.load(folder / "run").predict("photo.jpg")
    said = capsys.readouterr().out
    assert str(expected["label"].iloc[0]) in said
    if lines == TIMM:
        assert float(said.split()[-1]) == pytest.approx(expected["probability"].iloc[0], abs=1e-4)


def test_the_code_is_in_the_page_and_in_markdown() -> None:
    assert TIMM in markdown(parse(SAMPLE))
    assert all(line.split("(")[0] in html(parse(SAMPLE)) for line in TIMM.splitlines())
