"""What an estimator hands to a run, and what a run leaves behind."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autotl
from autotl.errors import ArgumentError, DataError, RunError
from autotl.terminal import Silence

IMAGES, LABELS = np.zeros((4, 8, 8), dtype=np.uint8), ["a", "b", "a", "b"]
Calls = list[dict[str, Any]]


def test_parameters_reach_the_run_under_the_names_of_fit(fake_runs: Calls) -> None:
    model = autotl.TransferClassifier(
        budget="1m", metric="log_loss", random_state=7, fit_args={"clean": "drop"}
    )
    assert model.fit(IMAGES, LABELS) is model
    assert model.best_score_ == 0.75
    expected = {"budget": "1m", "metric": "log_loss", "seed": 7, "clean": "drop", "target": "single"}
    assert fake_runs[0].items() >= expected.items()
    assert isinstance(fake_runs[0]["watch"], Silence)
    autotl.TransferRegressor(verbose=1, test=0.3).fit(IMAGES, [1.0, 2.0, 3.0, 4.0])
    assert (fake_runs[1]["watch"], fake_runs[1]["test"], fake_runs[1]["target"]) == (None, 0.3, "number")


def test_a_generator_draws_the_seed_of_each_fit(fake_runs: Calls) -> None:
    model = autotl.TransferClassifier(random_state=np.random.RandomState(0))
    model.fit(IMAGES, LABELS).fit(IMAGES, LABELS)
    assert fake_runs[0]["seed"] != fake_runs[1]["seed"]
    assert all(0 <= each["seed"] < 2**32 for each in fake_runs)


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"budget": "1m"}, r"no parameters of TransferClassifier \(got budget\)"),
        ({"buget": "1m"}, "got buget"),
        ({"resume": True, "seed": 1}, "got resume, seed"),
    ],
)
def test_wrong_other_arguments_are_named(fake_runs: Calls, wrong: dict[str, Any], match: str) -> None:
    with pytest.raises(ArgumentError, match=match):
        autotl.TransferClassifier(fit_args=wrong).fit(IMAGES, LABELS)
    assert fake_runs == []


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda model: model.fit(IMAGES, LABELS, sample_weight=[1.0] * 4), r"got 'sample_weight'"),
        (lambda model: model.fit(IMAGES, LABELS[:3]), r"same length \(got 4 and 3\)"),
    ],
)
def test_wrong_data_is_refused_before_the_run(
    fake_runs: Calls, call: Callable[[autotl.TransferClassifier], object], match: str
) -> None:
    with pytest.raises((ArgumentError, DataError), match=match):
        call(autotl.TransferClassifier())
    assert fake_runs == []


def test_a_temporary_run_ends_with_its_result(fake_runs: Calls) -> None:
    model = autotl.TransferClassifier().fit(IMAGES, LABELS)
    folder = fake_runs[0]["out"]
    result = model.result_
    del model
    assert folder.is_dir()
    del result
    gc.collect()
    assert not folder.exists()


def test_each_fit_has_its_own_folder(fake_runs: Calls, tmp_path: Path) -> None:
    model = autotl.TransferClassifier(out=tmp_path / "runs")
    model.fit(IMAGES, LABELS).fit(IMAGES, LABELS)
    with pytest.raises(RunError, match="no trial"):
        model.set_params(trials=0).fit(IMAGES, LABELS)
    assert sorted(each.name for each in (tmp_path / "runs").iterdir()) == ["fit-1", "fit-2"]
    assert [each["out"].name for each in fake_runs] == ["fit-1", "fit-2"]


def test_a_file_is_no_folder_of_runs(fake_runs: Calls, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="out must be a folder that can be written"):
        autotl.TransferClassifier(out=tmp_path / "file" / "runs").fit(IMAGES, LABELS)
