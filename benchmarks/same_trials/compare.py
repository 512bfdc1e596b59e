"""Compare the trials, the test predictions and the delivered weights of two runs."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

TRIAL_COLUMNS = ("strategy", "backbone", "params", "state", "folds", "score")
"""The columns of trials.csv that do not depend on time."""
Table = list[dict[str, str]]


def differences(run: Path, other: Path) -> list[str]:
    """Return the differences of two run folders, in sentences; empty if they are equal."""
    return [
        *_trial_differences(_table(run / "trials.csv"), _table(other / "trials.csv")),
        *_prediction_differences(_table(run / "test.csv"), _table(other / "test.csv")),
        *_weight_differences(run / "model", other / "model"),
    ]


def _table(path: Path) -> Table:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _trial_differences(trials: Table, others: Table) -> list[str]:
    found = [f"number of trials: {len(trials)} and {len(others)}"] if len(trials) != len(others) else []
    for column in TRIAL_COLUMNS:
        pairs = [(a["number"], a[column], b[column]) for a, b in zip(trials, others, strict=False)]
        unequal = [pair for pair in pairs if pair[1] != pair[2]]
        if unequal:
            first = "trial {}: {} and {}".format(*unequal[0])
            found.append(f"{column} of {len(unequal)} of {len(pairs)} trials; {first}")
    return found


def _prediction_differences(predictions: Table, others: Table) -> list[str]:
    if [row["item"] for row in predictions] != [row["item"] for row in others]:
        return ["test images, or their order"]
    names = [name for name in (predictions or [{}])[0] if name.startswith("p:")]
    if names != [name for name in (others or [{}])[0] if name.startswith("p:")]:
        return ["classes of the test predictions"]
    one, two = (
        np.array([[float(row[name]) for name in names] for row in table]).reshape(len(table), len(names))
        for table in (predictions, others)
    )
    found = []
    if answers := sum(a["answer"] != b["answer"] for a, b in zip(predictions, others, strict=True)):
        found.append(f"answers to {answers} of {len(predictions)} test images")
    if not np.array_equal(one, two):
        found.append(f"test probabilities, by at most {np.abs(one - two).max():.3g}")
    return found


def _weight_differences(model: Path, other: Path) -> list[str]:
    files, others = (
        {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*.safetensors"))}
        for folder in (model, other)
    )
    if files.keys() != others.keys():
        return [f"weight files: {', '.join(files)} and {', '.join(others)}"]
    found = []
    for name, path in files.items():
        one, two = load_file(path), load_file(others[name])
        shapes, other_shapes = ({key: value.shape for key, value in each.items()} for each in (one, two))
        if shapes != other_shapes:
            found.append(f"names or shapes of the weights in {name}")
            continue
        unequal = [key for key in one if one[key].tobytes() != two[key].tobytes()]
        if unequal:
            gap = max(float(np.abs(one[key].astype(float) - two[key].astype(float)).max()) for key in unequal)
            found.append(f"{len(unequal)} of {len(one)} weights in {name}, by at most {gap:.3g}")
    return found
