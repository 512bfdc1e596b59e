"""Check the comparison of two runs: equal runs have no difference, and each difference is named."""

import csv
import importlib
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

ROOT = Path(__file__).parents[2]
TRIAL = {"strategy": "probe", "backbone": "tiny", "params": "C=1", "state": "complete", "folds": "1"}


@pytest.fixture
def differences(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.same_trials.compare").differences


def write_run(folder, *, scores=(0.5, 0.75), answers=("cat", "dog"), probability=0.9, weight=1.0):
    """Write the files of a run that are compared."""
    (folder / "model").mkdir(parents=True)
    trials = [{"number": str(i), **TRIAL, "score": str(score)} for i, score in enumerate(scores)]
    predictions = [
        {"item": f"{i}.png", "answer": answer, "p:cat": str(probability), "p:dog": str(1 - probability)}
        for i, answer in enumerate(answers)
    ]
    for name, rows in (("trials.csv", trials), ("test.csv", predictions)):
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    weights = {"head": np.full((2, 3), weight, dtype=np.float32), "body": np.zeros(4, dtype=np.float32)}
    save_file(weights, folder / "model" / "model.safetensors")
    return folder


def test_equal_runs_have_no_difference(differences, tmp_path):
    assert differences(write_run(tmp_path / "a"), write_run(tmp_path / "b")) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"scores": (0.5, 0.7)}, "score of 1 of 2 trials; trial 1: 0.75 and 0.7"),
        ({"scores": (0.5,)}, "number of trials: 2 and 1"),
        ({"answers": ("cat", "cat")}, "answers to 1 of 2 test images"),
        ({"answers": ("cat",)}, "test images, or their order"),
        ({"probability": 0.8}, "test probabilities, by at most 0.1"),
        ({"weight": 1.5}, "1 of 2 weights in model.safetensors, by at most 0.5"),
    ],
)
def test_a_difference_is_named(differences, tmp_path, changes, expected):
    assert differences(write_run(tmp_path / "a"), write_run(tmp_path / "b", **changes)) == [expected]
