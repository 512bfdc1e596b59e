"""A backbone folder like that of ``tiny``, with random weights."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import timm
import torch

from autotl.api import Weights

ROOT = Path(__file__).parents[2]
MODEL_ARGS = {"layers": [1, 1, 1, 1], "channels": [8, 12, 16, 20], "stem_type": "deep", "stem_width": 8}


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def small_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Written by the very script that writes the embedded backbone."""
    spec = importlib.util.spec_from_file_location("tiny_card", ROOT / "benchmarks" / "tiny" / "card.py")
    assert spec is not None
    assert spec.loader is not None
    card = importlib.util.module_from_spec(spec)
    sys.modules["tiny_card"] = card
    spec.loader.exec_module(card)
    folder = tmp_path_factory.mktemp("backbones") / "small"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = timm.create_model("resnet18", num_classes=3, **MODEL_ARGS)
        images = torch.randint(0, 256, (64, 3, 64, 64), dtype=torch.uint8)
        pretraining = card.Pretraining(
            "resnet18", MODEL_ARGS, ["n1", "n2", "n3"],
            {"n1": "tench, Tinca tinca", "n2": "cat", "n3": "dog"},
            mean=(0.5,) * 3, std=(0.5,) * 3, size=64, epochs=1, views=1, minutes=1, validation=0.5, test=0.5,
        )  # fmt: skip
        card.write_folder(folder, model, images, pretraining, standardise=lambda x: x * 2 - 1)
    return folder


@pytest.fixture
def small(small_folder: Path) -> Weights:
    return Weights("small", f"local-dir:{small_folder}", "made by the tests", folder=small_folder)
