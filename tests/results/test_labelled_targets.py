"""Labelled images are encoded as a model's targets, also under other names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autotl.api import Columns, Dataset, TargetSpec
from autotl.errors import DataError, UnknownName
from autotl.results import Predictor, Result, load_model, write_model
from autotl.results.by_target.labelled_targets import label_columns, targets_of
from autotl.testing import tiny_run

NUMBERS = TargetSpec("regression", ("age", "height"))
PLACES = TargetSpec("regression", ("0", "1"))


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory):
    return tiny_run(tmp_path_factory.mktemp("cache"))


def with_target(dataset: Dataset, spec: TargetSpec, *values: float) -> Dataset:
    """Return the images with these targets in each row, plus the row's number."""
    rows = np.arange(len(dataset)) if spec.kind == "regression" else np.zeros(len(dataset))
    columns = {f"target {place}": (value + rows).astype(np.float32) for place, value in enumerate(values)}
    return replace(dataset, table=dataset.table.drop(columns="label").assign(**columns), target=spec)


def test_numbers_without_names_keep_their_order(ready) -> None:
    for data, model in ((PLACES, NUMBERS), (NUMBERS, PLACES)):
        assert targets_of(with_target(ready.dataset, data, 1, 0), model)[0].tolist() == [1.0, 0.0]
    with pytest.raises(DataError, match="got none for 0, 1, 2"):
        targets_of(with_target(ready.dataset, NUMBERS, 1, 0), TargetSpec("regression", tuple("012")))


def test_two_spellings_of_a_number_are_one_label(ready) -> None:
    for values in ((1, 0), (0, 1)):
        data = with_target(ready.dataset, TargetSpec("multi_label", ("7", "007")), *values)
        assert targets_of(data, TargetSpec("multi_label", ("7", "8")))[0].tolist() == [1.0, 0.0]


def test_the_columns_of_numbers_are_those_that_the_model_learned() -> None:
    assert label_columns(("age", "height")) == [("age", "height")]
    assert label_columns(("pos 0", "pos 1")) == [("pos 0", "pos 1"), ("pos",)]
    assert label_columns(("0", "1")) == [("0", "1"), ()]
    assert label_columns(("labels",)) == [("labels",), ()]


def test_a_list_column_is_found_again(ready, tmp_path: Path) -> None:
    from autotl.backbone import new_head

    spec = TargetSpec("regression", ("pos 0", "pos 1"))
    network = new_head(ready.run_cache.networks.new("tiny"), 2).eval()
    write_model(tmp_path / "model", network, ready.backbones["tiny"], spec, input_size=32)
    data = with_target(ready.dataset, spec, 1, 0)
    asked = []

    def read(_: object, columns: Columns) -> Dataset:
        asked.append(columns.labels)
        if columns.labels != ("pos",):
            raise UnknownName("column", columns.labels[0], ["image", "pos"])
        return data

    report = {"seed": 0, "test": {"metric": "mae"}}
    result = Result(tmp_path, report, device="cpu", read=read)
    alone = Predictor(load_model(tmp_path / "model"), device="cpu").evaluate(data, metric="mae", seed=0)
    assert result.evaluate(data.table).value == pytest.approx(alone.value)
    assert asked == [("pos 0", "pos 1"), ("pos",)]
    with pytest.raises(UnknownName, match="'age'"):
        result.evaluate(data.table, label="age")
