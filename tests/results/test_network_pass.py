"""Passes of images through a delivered network, compiled or not."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autotl.api import DataConfig
from autotl.results.predictor import TIMED_IMAGES, NetworkPass
from autotl.training.machine import compiled

CONFIG = DataConfig(32, (0.4, 0.5, 0.6), (0.2, 0.25, 0.3), "bilinear", 1.0, "center", fixed=False)


def noise(images: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (images, 3, 32, 32), dtype=np.uint8)


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()


def scaled(pixels: NDArray[np.uint8]) -> Tensor:
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (CONFIG.mean, CONFIG.std))
    return (torch.from_numpy(pixels).float() / 255 - mean) / std


@pytest.mark.parametrize("images", [1, 5, 2 * TIMED_IMAGES + 1])
def test_outputs_are_those_of_the_network_in_the_order_of_the_images(images: int) -> None:
    model, pixels = network(), noise(images)
    found = NetworkPass(model, model, CONFIG, device="cpu", images=images)(pixels)
    with torch.inference_mode():
        expected = model(scaled(pixels)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("images", "asked"), [(3 * TIMED_IMAGES, True), (TIMED_IMAGES, False)])
def test_a_pass_that_is_long_enough_is_compiled_after_its_first_images(
    images: int, asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []

    def replaced(
        forward: Callable[[Tensor], Tensor], model: nn.Module, batch: Tensor, *, features: int | None
    ) -> Callable[[Tensor], Tensor]:
        compared.append(len(batch))
        return lambda x: forward(x) + 1

    monkeypatch.setattr(compiled, "faster_forward", replaced)
    monkeypatch.setattr(compiled, "CONVERSION_SECONDS", 0.0)
    model, pixels = network(), noise(images)
    plain = model(scaled(pixels)).detach().numpy()
    found = NetworkPass(model, model, CONFIG, device="cpu", images=images)(pixels)
    shifted = np.flatnonzero(np.isclose(found, plain + 1, atol=1e-5).all(1))
    assert shifted.tolist() == [*range(TIMED_IMAGES, images)]
    assert len(compared) == asked


@pytest.mark.skipif(importlib.util.find_spec("openvino") is None, reason="OpenVINO is not installed")
def test_a_compiled_pass_predicts_what_the_network_predicts(monkeypatch: pytest.MonkeyPatch) -> None:
    import timm

    torch.manual_seed(0)
    model, pixels = timm.create_model("mobilenetv2_035", num_classes=10).eval(), noise(400)
    plain = NetworkPass(model, model, CONFIG, device="cpu", images=len(pixels))(pixels)
    ready = compiled._compiled(model, model, scaled(pixels[:8]))
    assert ready is not None
    monkeypatch.setattr(compiled, "CONVERSION_SECONDS", 0.0)
    monkeypatch.setattr(compiled, "faster_forward", lambda *_, **__: ready)
    fast = NetworkPass(model, model, CONFIG, device="cpu", images=len(pixels))(pixels)
    assert np.abs(fast - plain).max() <= 1e-4 * np.abs(plain).max()
    assert (fast.argmax(1) == plain.argmax(1)).mean() >= 0.999
