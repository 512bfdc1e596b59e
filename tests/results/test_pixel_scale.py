"""A model sees images of more than 8 bits at the scale it learned from."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from autotl import plugins
from autotl.api import PixelScale
from autotl.backbone import heads
from autotl.data import read
from autotl.errors import DataError, RunError
from autotl.pipeline.prepare import Prepared
from autotl.results import EnsembleMember, load_model, load_predictor, write_ensemble, write_model
from autotl.results.by_target.labelled_targets import label_indices
from autotl.testing import tiny_images, tiny_run

TWELVE = PixelScale(integers=(0, 4095), floats=(0, 1))


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"))


def written(folder: Path, ready: Prepared, scale: PixelScale | None) -> Path:
    """A model folder with a head drawn at random."""
    model = ready.run_cache.networks.new("tiny")
    draw = torch.Generator().manual_seed(0)
    for value in heads(model)[0].parameters():
        value.data = 0.05 * torch.randn(value.shape, generator=draw)
    write_model(folder, model, ready.backbones["tiny"], ready.dataset.target, input_size=32, scale=scale)
    return folder


@pytest.fixture(scope="module")
def grey() -> NDArray[np.uint8]:
    """Dim images, so that each by itself would be brightened."""
    return tiny_images(classes=2, each=4)[0][..., 0] // 18


@pytest.fixture(scope="module")
def photos(grey: NDArray[np.uint8], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same images in 8 bits and, sixteen times as bright, in files of 16 bits."""
    root = tmp_path_factory.mktemp("photos")
    for number, pixels in enumerate(grey):
        for kind, values in (("plain", pixels), ("deep", np.rint(pixels / 255 * 4095).astype(np.uint16))):
            folder = root / kind / ("bars" if number < 4 else "rings")
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(values).save(folder / f"{number}.png")
    return root


def probabilities(folder: Path, images: object) -> NDArray[np.float64]:
    table = load_predictor(folder, device="cpu").predict(images, top=3)
    found: NDArray[np.float64] = table.sort_values(["path", "label"])["probability"].to_numpy().reshape(-1, 3)
    return found


def test_deep_files_and_arrays_are_seen_as_their_8_bit_versions(
    ready: Prepared, photos: Path, grey: NDArray[np.uint8], tmp_path: Path
) -> None:
    model = written(tmp_path / "model", ready, TWELVE)
    assert load_model(model).scale == TWELVE
    expected = probabilities(model, photos / "plain")
    assert np.allclose(probabilities(model, photos / "deep"), expected, atol=1e-4)
    one = photos / "deep" / "bars" / "0.png"
    assert np.allclose(probabilities(model, one), expected[:1], atol=1e-4)  # alone as well
    with Image.open(one) as opened:
        assert np.allclose(probabilities(model, opened), expected[:1], atol=1e-4)
    assert np.allclose(
        probabilities(model, np.rint(grey / 255 * 4095).astype(np.uint16)), expected, atol=1e-4
    )
    assert np.allclose(probabilities(model, grey / 255), expected, atol=1e-4)
    assert np.allclose(probabilities(model, [grey[0] / 255]), expected[:1], atol=1e-4)


def test_values_above_the_scale_are_clipped(ready: Prepared, photos: Path, tmp_path: Path) -> None:
    model = written(tmp_path / "model", ready, TWELVE)
    values = np.asarray(Image.open(photos / "deep" / "bars" / "0.png")).copy()
    values[0, 0] = 65535
    expected = probabilities(model, [np.minimum(values, 4095)])
    assert np.allclose(probabilities(model, [values]), expected)


def test_evaluate_sees_what_predict_sees(ready: Prepared, photos: Path, tmp_path: Path) -> None:
    predictor = load_predictor(written(tmp_path / "model", ready, TWELVE), device="cpu")
    readers = plugins.load().readers.items
    plain, deep = (read(photos / kind, readers=readers) for kind in ("plain", "deep"))
    assert deep.scale == PixelScale(integers=(0, 255))  # judged alone: these images are all dark
    found, expected = (predictor.evaluate(each, metric="accuracy", seed=0) for each in (deep, plain))
    assert found.metrics["log_loss"] == pytest.approx(expected.metrics["log_loss"], abs=1e-5)


def test_a_model_that_was_saved_without_a_scale_sees_each_image_by_itself(
    ready: Prepared, photos: Path, tmp_path: Path
) -> None:
    model = written(tmp_path / "model", ready, None)
    assert "pixel_scale" not in json.loads((model / "config.json").read_text())
    assert load_model(model).scale is None
    expected = probabilities(model, photos / "plain")
    assert not np.allclose(probabilities(model, photos / "deep"), expected, atol=1e-4)


def test_a_model_of_8_bit_images_brings_deep_files_to_one_scale(
    ready: Prepared, photos: Path, tmp_path: Path
) -> None:
    (tmp_path / "known").mkdir()
    known = written(tmp_path / "known" / "model", ready, PixelScale(integers=(0, 255)))
    expected = probabilities(known, photos / "deep")
    model = written(tmp_path / "model", ready, PixelScale())
    with pytest.warns(UserWarning, match=r"0 is black and 255 is white"):
        assert np.allclose(probabilities(model, photos / "deep"), expected, atol=1e-4)
    with pytest.raises(DataError, match="cannot be chosen from a generator"):
        probabilities(model, (photos / "deep").rglob("*.png"))


def test_all_networks_of_an_ensemble_have_the_scale(ready: Prepared, photos: Path, tmp_path: Path) -> None:
    parts = [
        EnsembleMember(ready.run_cache.networks.new("tiny"), ready.backbones["tiny"], 32, 0.5, n)
        for n in (0, 1)
    ]
    write_ensemble(tmp_path / "model", parts, ready.dataset.target, temperature=1.0, scale=TWELVE)
    assert [load_model(tmp_path / "model" / "members" / n).scale for n in "01"] == [TWELVE, TWELVE]
    model = tmp_path / "model"
    assert np.allclose(
        probabilities(model, photos / "deep"), probabilities(model, photos / "plain"), atol=1e-4
    )


@pytest.mark.parametrize(
    "entry",
    [{}, [0, 1], "12 bits", {"integers": [0], "floats": None}, {"integers": [9, "x"], "floats": None}],
)
def test_an_edited_scale_is_refused(ready: Prepared, entry: object, tmp_path: Path) -> None:
    model = written(tmp_path / "model", ready, TWELVE)
    file = model / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "pixel_scale": entry}))
    with pytest.raises(RunError, match=r"cannot be opened: .*pixel_scale"):
        load_model(model)


def test_a_class_that_is_a_number_is_known_in_another_spelling(photos: Path, tmp_path: Path) -> None:
    for old, new in (("bars", "7"), ("rings", "12")):
        (tmp_path / new).symlink_to(photos / "plain" / old, target_is_directory=True)
    dataset = read(tmp_path, readers=plugins.load().readers.items)
    assert set(label_indices(dataset, ["007", "012"])[dataset.table["label"] == 0]) == {0}
    with pytest.raises(DataError, match=r"classes that the model does not know: 12\."):
        label_indices(dataset, ["7", "07", "x"])
