"""A file is compared on the images of the run, and refused if it predicts otherwise."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import autotl
from autotl.api import PixelScale, TargetSpec
from autotl.data import UnlabelledImage, open_image
from autotl.errors import DataError, ExportError
from autotl.export.checking.comparison import Compared, Comparison, check
from autotl.export.checking.fresh_process import batch_sizes, run_script
from autotl.export.checking.image_files import view_files
from autotl.export.checking.run_images import FoundImages, images_of_part, random_images
from autotl.targets import target_of

GOOD = Comparison("test images", 256, "", (1, 2, 7, 16), 1e-6, 1.0, "accuracy", 0.9, 0.9, 0.0)
FAKE = """
import numpy as np
def load(path):
    return {}, run
def pixels(path, facts):
    return np.zeros((2, 2, 3), np.uint8)
def run(pixels):
    SHOWN
    return np.ones((len(pixels), 2)), np.zeros((len(pixels), 2))
"""


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"equal_labels": 0.99}, "other labels on 1.0% of 256 test images"),
        ({"loss": 0.006, "score": 0.894}, "accuracy 0.894 instead of 0.9"),
        ({"largest_difference": float("nan")}, "must be finite"),
    ],
)
def test_a_file_that_predicts_otherwise_is_refused(changed: dict[str, float], reason: str) -> None:
    check(GOOD, "model.onnx")
    with pytest.raises(ExportError, match=reason):
        check(replace(GOOD, **changed), "model.onnx")


def test_labels_are_equal_by_the_kind_of_target() -> None:
    none = np.zeros((2, 2), np.float32)
    for kind, expected, found, equal in (
        ("single_label", [[0.3, 0.7], [0.4, 0.6]], [[0.2, 0.8], [0.6, 0.4]], 0.5),
        ("single_label", [[0.5, 0.5], [0.4, 0.6]], [[0.500001, 0.499999], [0.4, 0.6]], 1.0),
        ("multi_label", [[0.3, 0.7], [0.4, 0.6]], [[0.3, 0.7], [0.51, 0.6]], 0.5),
        ("regression", [[1.0, 50.0], [2.0, 90.0]], [[1.0, 50.001], [2.1, 90.0]], 0.5),
        ("regression", [[1.0, 50.0]], [[1.0, 50.0003]], 1.0),
        ("regression", [[1.0, 50.0]], [[1.0, 50.003]], 0.0),
    ):
        target = target_of(TargetSpec(kind, ("a", "b")))  # type: ignore[arg-type]
        both = Compared(target, np.array(expected), np.array(found), none, none)
        assert both.equal_labels == equal, kind


def test_the_process_gets_batches_of_several_sizes(tmp_path: Path) -> None:
    images = [tmp_path / f"{number}.png" for number in range(30)]
    seen = tmp_path / "seen"
    (tmp_path / "predict.py").write_text(
        FAKE.replace("SHOWN", f"print(len(pixels), file=open({str(seen)!r}, 'a'))")
    )
    predictions, outputs = run_script(tmp_path, "model.onnx", images)
    assert predictions.shape == outputs.shape == (30, 2)
    assert [int(line) for line in seen.read_text().split()] == [1, 2, 7, 16, 4] == list(batch_sizes(30))
    assert batch_sizes(5) == (1, 2)
    assert batch_sizes(58) == (1, 2, 7, 16)
    (tmp_path / "predict.py").write_text(FAKE.replace("SHOWN", "assert len(pixels) == 1, 'fixed batch'"))
    with pytest.raises(ExportError, match="fixed batch"):
        run_script(tmp_path, "model.onnx", images)
    assert not (tmp_path / "__pycache__").exists()


def test_the_images_are_those_of_the_part_with_their_targets(finished: Path, photos: Path) -> None:
    result = autotl.load(finished)
    target = result.predictor.target
    test, train = (images_of_part(result, part, target) for part in ("test", "train"))
    assert (len(test), len(train)) == (result.report["split"]["test"], result.report["split"]["train"])
    assert not {each.name for each in test.images} & {each.name for each in train.images}
    assert test.targets is not None
    names = [target.spec.names[number] for number in test.targets]
    assert names == [each.name.split("/")[0] for each in test.images]
    shuffled = test.shuffled(0)
    assert shuffled.targets is not None
    assert {each.name for each in shuffled.images} == {each.name for each in test.images}
    assert [target.spec.names[number] for number in shuffled.targets] == [
        each.name.split("/")[0] for each in shuffled.images
    ]


def test_images_that_are_gone_are_named(finished: Path, photos: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(finished, copy)
    text = (copy / "run.json").read_text()
    (copy / "run.json").write_text(text.replace(str(photos), str(tmp_path / "moved")))
    result = autotl.load(copy)
    with pytest.raises(DataError, match=r"no longer at .*moved"):
        images_of_part(result, "test", result.predictor.target)
    noise = random_images("gone", seed=1)
    assert len({each.open().size for each in noise.images}) > 10
    again = random_images("gone", seed=1).images
    assert all(
        one.open().tobytes() == two.open().tobytes() for one, two in zip(noise.images, again, strict=True)
    )


def test_files_are_the_users_own_where_there_are_some(photos: Path, finished: Path, tmp_path: Path) -> None:
    predictor = autotl.load(finished).predictor
    own = sorted(photos.rglob("*.jpg"))[0]
    image = Image.new("RGB", (40, 50), "red")
    broken = UnlabelledImage("broken", lambda: Image.open(tmp_path / "none.png"))
    found = FoundImages(
        "given images",
        (
            UnlabelledImage(str(own), lambda: Image.open(own)),
            broken,
            UnlabelledImage("memory", lambda: image),
        ),
        root=photos,
    )
    files = view_files(found, predictor.views[0], predictor.scale, tmp_path)
    assert files.paths == (own, tmp_path / "2.png")
    assert files.rows == (0, 2)
    assert files.pixels.shape == (2, 3, 32, 32)


def test_files_that_predict_py_reads_otherwise_are_written_anew(finished: Path, tmp_path: Path) -> None:
    deep = np.linspace(0, 5000, 40 * 40).astype(np.uint16).reshape(40, 40)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    (tmp_path / "heif.jpg").write_bytes(b"\0\0\0\x18ftypheic")
    image = Image.new("RGB", (40, 50), "red")
    names = ("deep.png", "heif.jpg", "a" * 300)
    found = FoundImages(
        "given images", tuple(UnlabelledImage(each, image.copy) for each in names), root=tmp_path
    )
    deep_image = UnlabelledImage("deep.png", lambda: open_image(tmp_path / "deep.png"))
    found = replace(found, images=(deep_image, *found.images))
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    view = autotl.load(finished).predictor.views[0]
    assert [each.parent for each in view_files(found, view, None, scratch).paths] == [scratch] * 4
    scaled = view_files(found, view, PixelScale((0, 5000), None), scratch)
    assert scaled.paths[0] == tmp_path / "deep.png"
