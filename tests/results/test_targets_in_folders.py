"""A model folder of labels or numbers answers in the user's units, with timm alone too."""

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from torch import nn

from autotl.api import PredictionIntervals, TargetSpec
from autotl.backbone import heads, pooled
from autotl.errors import DataError, RunError
from autotl.heads import HeadKinds, attach_head
from autotl.pipeline.prepare import Prepared
from autotl.results import (
    EnsembleMember,
    EnsemblePredictor,
    Predictor,
    load_model,
    load_predictor,
    write_ensemble,
    write_model,
)
from autotl.results.by_target.labelled_targets import targets_of
from autotl.results.ensemble_folder import LoadedEnsemble
from autotl.targets import target_of
from autotl.testing import tiny_run
from tests.support.head_folders import KINDS, SPECS, images

NUMBERS = TargetSpec("regression", ("age", "height"), (40.0, 170.0), (10.0, 5.0))
LABELS = TargetSpec("multi_label", ("cat", "dog"))
INTERVALS = PredictionIntervals((4.0, 2.0), 0.9, 50)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    return tiny_run(tmp_path_factory.mktemp("cache"))


def network(ready: Prepared, outputs: int = 2, *, seed: int = 0) -> nn.Module:
    from autotl.backbone import new_head

    model = new_head(ready.run_cache.networks.new("tiny"), outputs)
    draw = torch.Generator().manual_seed(seed)
    for value in heads(model)[0].parameters():
        value.data = 0.05 * torch.randn(value.shape, generator=draw)
    return model.eval()


def with_mlp(ready: Prepared) -> nn.Module:
    model = network(ready)
    width = pooled(model, images()).shape[1]
    form = KINDS.form(SPECS["mlp"], features=width, outputs=2)
    torch.manual_seed(0)
    attach_head(model, form, KINDS.build(form))
    return model.eval()


def written(folder: Path, ready: Prepared, model: nn.Module, spec: TargetSpec, **more: Any) -> Path:
    write_model(folder, model, ready.backbones["tiny"], spec, input_size=32, kinds=KINDS, **more)
    return folder


def kinds() -> HeadKinds:
    return KINDS


def test_timm_alone_answers_in_units(ready: Prepared, tmp_path: Path) -> None:
    model = network(ready)
    folder = written(tmp_path / "model", ready, model, NUMBERS, intervals=INTERVALS)
    stock = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
    with torch.no_grad():
        expected = target_of(NUMBERS).predict(model(images()).numpy())
        np.testing.assert_allclose(stock(images()).numpy(), expected, rtol=1e-4)
    loaded = load_model(folder)
    assert loaded.target == NUMBERS.in_units
    assert loaded.intervals is not None
    assert loaded.intervals.half_widths == (4.0, 2.0)
    document = json.loads((folder / "config.json").read_text())
    assert document["target"] == "regression"
    assert "target_means" not in document


def test_writing_does_not_change_the_network(ready: Prepared, tmp_path: Path) -> None:
    model = network(ready)
    with torch.no_grad():
        before = model(images())
        written(tmp_path / "model", ready, model, NUMBERS)
        torch.testing.assert_close(model(images()), before)


def test_a_head_that_is_not_linear_answers_in_units(
    ready: Prepared, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = with_mlp(ready)
    folder = written(tmp_path / "model", ready, model, NUMBERS)
    with torch.no_grad():
        expected = target_of(NUMBERS).predict(model(images()).numpy())
        own = load_model(folder, heads=kinds)
        np.testing.assert_allclose(own.model(images()).numpy(), expected, rtol=1e-4)
        space = runpy.run_path(str(folder / "load_model.py"))
        outputs = space["load"]()(images())
    np.testing.assert_allclose(outputs.numpy(), expected, rtol=1e-4)
    assert space["answer"](outputs[0]).startswith("age ")


def test_the_loader_names_the_labels_above_one_half(ready: Prepared, tmp_path: Path) -> None:
    folder = written(tmp_path / "model", ready, with_mlp(ready), LABELS)
    answer = runpy.run_path(str(folder / "load_model.py"))["answer"]
    assert answer(torch.tensor([2.0, -1.0])) == "cat 0.8808"
    assert answer(torch.tensor([-2.0, -1.0])) == "none"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda d: d | {"target": "ranking"}, "target must be one of"),
        (
            lambda d: d | {"prediction_intervals": {"half_widths": [1.0], "coverage": 0.9}},
            "half-width of 0 or more",
        ),
        (
            lambda d: d | {"prediction_intervals": {"half_widths": [1.0, 2.0], "coverage": 1.5}},
            "between 0 and 1",
        ),
        (lambda d: d | {"target_means": [1.0], "target_scales": [0.0]}, "a number for each name"),
    ],
)
def test_an_edited_target_is_refused(
    ready: Prepared, tmp_path: Path, change: Callable[[dict[str, Any]], dict[str, Any]], fault: str
) -> None:
    folder = written(tmp_path / "model", ready, network(ready), NUMBERS, intervals=INTERVALS)
    file = folder / "config.json"
    file.write_text(json.dumps(change(json.loads(file.read_text()))))
    with pytest.raises(RunError, match=fault):
        load_model(folder)


def test_a_folder_without_a_kind_has_single_labels(ready: Prepared, tmp_path: Path) -> None:
    folder = written(tmp_path / "model", ready, network(ready), LABELS)
    file = folder / "config.json"
    document = json.loads(file.read_text())
    del document["target"]
    file.write_text(json.dumps(document))
    assert load_model(folder).target.kind == "single_label"


@pytest.mark.parametrize("spec", [NUMBERS, LABELS])
def test_an_ensemble_averages_predictions(ready: Prepared, tmp_path: Path, spec: TargetSpec) -> None:
    models = [network(ready, seed=seed) for seed in (0, 1)]
    members = [
        EnsembleMember(model, ready.backbones["tiny"], 32, share, number)
        for number, (model, share) in enumerate(zip(models, (0.75, 0.25), strict=True))
    ]
    intervals = INTERVALS if spec.kind == "regression" else None
    write_ensemble(tmp_path / "model", members, spec, temperature=1.0, intervals=intervals)
    together = load_predictor(tmp_path / "model", device="cpu")
    assert isinstance(together, EnsemblePredictor)
    assert (together.intervals is not None) == (spec.kind == "regression")
    rows = np.arange(6)
    alone = [each.target.predict(each.outputs(ready.dataset, rows)) for each in together.members]
    found = together.target.predict(together.outputs(ready.dataset, rows))
    np.testing.assert_allclose(found, 0.75 * alone[0] + 0.25 * alone[1], rtol=1e-4)
    table = together.predict(ready.dataset.openers[0]())
    assert ("age_low" in table) == (spec.kind == "regression")


def test_numbers_have_a_column_and_an_interval(ready: Prepared, tmp_path: Path) -> None:
    folder = written(tmp_path / "model", ready, network(ready), NUMBERS, intervals=INTERVALS)
    model = Predictor(load_model(folder), device="cpu")
    table = model.predict([ready.dataset.openers[0](), b"no image"])
    assert table.columns.tolist() == [
        "path", "age", "age_low", "age_high", "height", "height_low", "height_high", "error",
    ]  # fmt: skip
    assert table["age_high"][0] - table["age"][0] == pytest.approx(4.0)
    assert np.isnan(table["age"][1])
    with pytest.raises(DataError, match="top must be left out"):
        model.predict([ready.dataset.openers[0]()], top=2)


def test_several_labels_are_joined(ready: Prepared, tmp_path: Path) -> None:
    model = network(ready)
    for value in heads(model)[0].parameters():
        value.data.zero_()
    heads(model)[0].bias.data = torch.tensor([2.0, 1.0])
    folder = written(tmp_path / "model", ready, model, LABELS)
    predictor = Predictor(load_model(folder), device="cpu")
    table = predictor.predict([ready.dataset.openers[0](), b"no image"])
    assert table.columns.tolist() == ["path", "labels", "error"]
    assert table["labels"].tolist() == ["cat;dog", None]
    ranked = predictor.predict([ready.dataset.openers[0]()], top=2)
    assert ranked["label"].tolist() == ["cat", "dog"]
    assert ranked["probability"][0] == pytest.approx(0.8808, abs=1e-4)


def test_targets_are_brought_into_the_models_order(ready: Prepared) -> None:
    dataset = ready.dataset
    columns = {"target 0": np.float32(1), "target 1": np.float32(0)}
    table = dataset.table.drop(columns="label").assign(**columns)
    labelled = replace(dataset, table=table, target=TargetSpec("multi_label", ("dog", "cat")))
    assert targets_of(labelled, LABELS)[0].tolist() == [0.0, 1.0]
    with pytest.raises(DataError, match="labels that the model does not know: cat"):
        targets_of(labelled, TargetSpec("multi_label", ("dog", "hat")))
    numbered = replace(labelled, target=TargetSpec("regression", ("height", "age")))
    assert targets_of(numbered, NUMBERS)[0].tolist() == [0.0, 1.0]
    with pytest.raises(DataError, match="must have several labels each"):
        targets_of(numbered, LABELS)
    with pytest.raises(DataError, match="got none for weight"):
        targets_of(numbered, TargetSpec("regression", ("age", "weight")))


def test_members_in_different_units_are_averaged_in_the_users(ready: Prepared, tmp_path: Path) -> None:
    model = network(ready)
    folded = load_model(written(tmp_path / "model", ready, model, NUMBERS))
    standardised = replace(folded, model=model, target=NUMBERS)
    rows = np.arange(4)
    expected = Predictor(folded, device="cpu").outputs(ready.dataset, rows)
    for members in ((folded, standardised), (standardised, folded)):
        together = EnsemblePredictor(LoadedEnsemble(members, (0.5, 0.5), 1.0), device="cpu")
        found = together.target.predict(together.outputs(ready.dataset, rows))
        np.testing.assert_allclose(found, expected, rtol=1e-4)
