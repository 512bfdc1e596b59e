"""Write the tables of a run.

They are its split, its test predictions and its trials.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from autotl import jsonio
from autotl.api import Dataset, Record, Splits, TargetSpec
from autotl.evaluation import FinalPredictions
from autotl.metrics import METRICS, Metric
from autotl.results.by_target.target_columns import answer_columns, true_columns
from autotl.results.csv_text import csv_text, digits_of, join_columns
from autotl.targets import target_of


def write_split(path: Path, dataset: Dataset, splits: Splits) -> None:
    """Write one row per image with ``item``, ``label``, ``digest``, ``part`` and ``fold``.

    Several labels are joined by ``;``. Each number has a column ``true:NAME`` instead of ``label``.
    ``part`` is train or test. ``fold`` is the fold of the first repeat that validates on the image,
    ``fold_2`` that of the second, and so on.

    Args:
        path: The CSV file.
        dataset: The images.
        splits: The test set and the folds.
    """
    part = np.full(len(dataset), "", dtype=object)
    part[splits.train], part[splits.test] = "train", "test"
    fold = [pd.array([pd.NA] * len(dataset), dtype="Int64") for _ in range(splits.repeats)]
    for number, each in enumerate(splits.folds):
        fold[number // len(splits.first)][each.val] = number
    table = pd.DataFrame(
        {
            "item": dataset.table["item"],
            **true_columns(dataset.targets, dataset.target),
            "digest": dataset.table["digest"],
            "part": part,
        }
        | {f"fold_{repeat + 1}" if repeat else "fold": found for repeat, found in enumerate(fold)}
    )
    jsonio.write_text(path, csv_text(table, digits=digits_of(dataset.target)))


def answer_table(dataset: Dataset, predictions: FinalPredictions) -> pd.DataFrame:
    """Return one row per test image, with its target and its prediction.

    Args:
        dataset: The images.
        predictions: The final model's predictions.

    Returns:
        ``item``, ``label``, ``answer`` and the probability ``p:NAME`` of each class or label. Numbers have
        ``true:NAME`` and ``predicted:NAME`` instead.
    """
    target, rows = target_of(dataset.target), predictions.rows
    table = pd.DataFrame(
        {
            # as objects, because pandas' strings reject names that are not UTF-8
            "item": pd.Series(dataset.table["item"].to_numpy()[rows], dtype=object),
            **true_columns(dataset.targets[rows], target.spec),
            **answer_columns(predictions.outputs, target),
        },
    )
    if target.spec.kind != "regression":
        columns = pd.Index([f"p:{name}" for name in dataset.classes], dtype=object)
        table = join_columns(table, pd.DataFrame(target.predict(predictions.outputs), columns=columns))
    return table


def write_predictions(path: Path, answers: pd.DataFrame, target: TargetSpec) -> None:
    """Write the predictions for the test images.

    Args:
        path: The CSV file.
        answers: The result of :func:`answer_table`.
        target: The kind of target.
    """
    jsonio.write_text(path, csv_text(answers, digits=digits_of(target)))


def write_trials(path: Path, records: Sequence[Record], metric: Metric = METRICS["accuracy"]) -> None:
    """Write one row per trial, with ``params`` as JSON.

    Args:
        path: The CSV file.
        records: The trials, in the order of their numbers.
        metric: Converts scores to the numbers that reports show.
    """
    rows = [
        {
            "number": record.number,
            "strategy": record.arm.strategy,
            "backbone": record.arm.backbone,
            "default": record.default,
            "state": record.state,
            "score": None if record.score is None else metric.reported(record.score),
            "folds": record.folds,
            "epochs": record.epochs,
            "seconds": round(record.seconds, 4),
            "params": json.dumps(dict(record.params), sort_keys=True),
            "why": record.why,
        }
        for record in records
    ]
    jsonio.write_text(path, csv_text(pd.DataFrame(rows, dtype=object)))
