"""A model folder of several networks averages their probabilities, and damage is reported."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import softmax

import autotl
from autotl.api import TargetSpec
from autotl.backbone import heads
from autotl.builtin.sources.model_folder import ModelFolder
from autotl.errors import RunError, WeightsError
from autotl.pipeline.prepare import Prepared
from autotl.results import (
    EnsembleMember,
    EnsemblePredictor,
    Predictor,
    load_ensemble,
    load_model,
    load_predictor,
    write_ensemble,
    write_model,
)
from autotl.targets import SingleLabel
from autotl.testing import tiny_images, tiny_run

SINGLE_LABEL = SingleLabel(TargetSpec("single_label", ("a", "b", "c")))
SHARES, SIDES, TEMPERATURE = (0.75, 0.25), (32, 48), 1.6


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def parts(ready: Prepared) -> list[EnsembleMember]:
    """Two networks that see images at different sizes, with heads drawn at random."""
    made = []
    for number, (share, input_size) in enumerate(zip(SHARES, SIDES, strict=True)):
        model = ready.run_cache.networks.new("tiny")
        draw = torch.Generator().manual_seed(number)
        for value in heads(model)[0].parameters():
            value.data = 0.05 * torch.randn(value.shape, generator=draw)
        made.append(EnsembleMember(model, ready.backbones["tiny"], input_size, share, number))
    return made


@pytest.fixture
def folder(parts: list[EnsembleMember], ready: Prepared, tmp_path: Path) -> Path:
    write_ensemble(tmp_path / "model", parts, ready.dataset.target, temperature=TEMPERATURE)
    return tmp_path / "model"


def test_its_probabilities_are_the_mean_of_its_members_at_its_temperature(
    folder: Path, ready: Prepared
) -> None:
    together = load_predictor(folder, device="cpu")
    assert isinstance(together, EnsemblePredictor)
    assert [each.config.input_size for each in together.members] == list(SIDES)
    rows = np.arange(12)
    alone = [
        softmax(
            Predictor(load_model(folder / "members" / str(n)), device="cpu").outputs(ready.dataset, rows), 1
        )
        for n in (0, 1)
    ]
    mean = SHARES[0] * alone[0] + SHARES[1] * alone[1]
    logits = together.outputs(ready.dataset, rows)
    assert np.allclose(softmax(logits * TEMPERATURE, axis=1), mean, atol=1e-5)
    images, _ = tiny_images(classes=3, each=20)
    table = together.predict(images, top=3)
    assert table.columns.tolist() == ["path", "rank", "label", "probability", "error"]
    wide = table.pivot(index="path", columns="label", values="probability")[list(together.classes)]
    order = ready.dataset.table["item"].iloc[rows]
    assert np.allclose(wide.loc[order], softmax(logits, axis=1), atol=1e-5)


def test_it_is_evaluated_like_one_network(folder: Path, ready: Prepared) -> None:
    together = load_predictor(folder, device="cpu")
    found = together.evaluate(ready.dataset, metric="accuracy", seed=0)
    labels = ready.dataset.targets
    logits = together.outputs(ready.dataset, np.arange(len(ready.dataset)))
    assert found.value == (logits.argmax(1) == labels).mean()


def test_a_single_network_takes_its_place_and_the_other_way_round(
    folder: Path, parts: list[EnsembleMember], ready: Prepared
) -> None:
    write_model(folder, parts[0].model, parts[0].backbone, ready.dataset.target, input_size=32)
    assert sorted(each.name for each in folder.iterdir()) == ["config.json", "model.safetensors"]
    assert isinstance(load_predictor(folder, device="cpu"), Predictor)
    write_ensemble(folder, parts, ready.dataset.target, temperature=1.0)
    assert sorted(each.name for each in folder.iterdir()) == ["ensemble.json", "members"]
    assert load_ensemble(folder).shares == SHARES
    assert not list(folder.parent.glob(".model*"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda document: document.update(format=9), "has format 9, but this autotl reads format 1"),
        (lambda document: document.pop("temperature"), "shares and temperature cannot be read"),
        (lambda document: document.update(members="both"), "shares and temperature cannot be read"),
        (lambda document: document.update(temperature=0), "temperature must be above 0 \\(got 0.0\\)"),
        (lambda document: document["members"][0].update(share=0.5), "must be above 0 and add up to 1"),
        (lambda document: document["label_names"].reverse(), "does not know the classes"),
    ],
)
def test_an_edited_file_is_refused(
    folder: Path, change: Callable[[dict[str, Any]], object], said: str
) -> None:
    file = folder / "ensemble.json"
    document = json.loads(file.read_text())
    change(document)
    file.write_text(json.dumps(document))
    with pytest.raises(RunError, match=said):
        load_predictor(folder, device="cpu")


def test_a_truncated_file_and_a_missing_member_are_refused(folder: Path) -> None:
    (folder / "members" / "1" / "model.safetensors").unlink()
    with pytest.raises(RunError, match=r"members.1 holds no model"):
        load_predictor(folder, device="cpu")
    (folder / "ensemble.json").write_text("{")
    with pytest.raises(RunError, match=r"ensemble.json is not readable JSON"):
        load_predictor(folder, device="cpu")


def test_members_are_named_if_a_single_network_is_needed(folder: Path) -> None:
    with pytest.raises(RunError, match=r"A single network is needed here.*such as .*members.0"):
        load_model(folder)
    assert ModelFolder().opens(str(folder))
    with pytest.raises(WeightsError, match=r"A backbone is one network.*such as .*members.0"):
        ModelFolder().open(str(folder))
    assert ModelFolder().open(str(folder / "members" / "0")).folder == folder / "members" / "0"


def test_a_run_that_was_killed_after_writing_it_can_predict(folder: Path) -> None:
    result = autotl.load(folder.parent)
    assert "did not finish" in result.verdict["sentence"]
    images, _ = tiny_images(classes=3, each=2)
    assert len(result.predict(images)) == 6


def test_the_mean_of_a_network_with_itself_is_the_network() -> None:
    logits = np.random.default_rng(0).normal(0, 30, (50, 4)).astype(np.float32)
    assert np.allclose(
        softmax(SINGLE_LABEL.combine([logits, logits], (0.3, 0.7)), 1), softmax(logits, 1), atol=1e-6
    )
    assert np.isfinite(SINGLE_LABEL.combine([100 * logits, -100 * logits], (0.5, 0.5))).all()
