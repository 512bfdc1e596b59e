"""Write the tables a run leaves behind: its split and its trials."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from autotl import jsonio
from autotl.api import Dataset, Record, Splits
from autotl.evaluation import FinalPredictions
from autotl.metrics import METRICS, Metric, softmax
from autotl.results.csv_text import csv_text


def write_split(path: Path, dataset: Dataset, splits: Splits) -> None:
    """One row per image: ``item``, ``label``, ``part`` (train or test) and the ``fold`` it is validated in,
    if any; that of the second repeat is ``fold_2``, and so on.
    """
    part = np.full(len(dataset), "", dtype=object)
    part[splits.train], part[splits.test] = "train", "test"
    fold = [pd.array([pd.NA] * len(dataset), dtype="Int64") for _ in range(splits.repeats)]
    for number, each in enumerate(splits.folds):
        fold[number // len(splits.first)][each.val] = number
    table = pd.DataFrame(
        {
            "item": dataset.table["item"],
            "label": pd.Series([dataset.classes[i] for i in dataset.table["label"]], dtype=object),
            "digest": dataset.table["digest"],
            "part": part,
        }
        | {f"fold_{repeat + 1}" if repeat else "fold": found for repeat, found in enumerate(fold)}
    )
    jsonio.write_text(path, csv_text(table))


def write_answers(path: Path, dataset: Dataset, answers: FinalPredictions) -> None:
    """One row per test image: ``item``, ``label``, ``answer``, and the probability of each class."""
    chances = softmax(answers.logits.astype(np.float64), axis=1)
    names = np.asarray(dataset.classes, dtype=object)
    rows = answers.rows
    table = pd.DataFrame(
        {
            "item": dataset.table["item"].to_numpy()[rows],
            "label": names[dataset.table["label"].to_numpy()[rows]],
            "answer": names[chances.argmax(1)],
        },
        dtype=object,  # pandas' own strings refuse names that are not UTF-8
    )
    columns = pd.Index([f"p:{name}" for name in dataset.classes], dtype=object)
    shares = pd.DataFrame(chances, columns=columns)
    jsonio.write_text(path, csv_text(pd.concat([table, shares], axis=1)))


def write_trials(path: Path, records: Sequence[Record], measure: Metric = METRICS["accuracy"]) -> None:
    """One row per trial, in order of their numbers; ``score`` as people read it, ``params`` are JSON."""
    rows = [
        {
            "number": record.number,
            "strategy": record.arm.strategy,
            "backbone": record.arm.backbone,
            "default": record.default,
            "state": record.state,
            "score": None if record.score is None else measure.reported(record.score),
            "folds": record.folds,
            "epochs": record.epochs,
            "seconds": round(record.seconds, 4),
            "params": json.dumps(dict(record.params), sort_keys=True),
            "why": record.why,
        }
        for record in records
    ]
    jsonio.write_text(path, csv_text(pd.DataFrame(rows, dtype=object)))
