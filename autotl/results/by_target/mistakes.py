"""Find wrong predictions in the table of test predictions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from autotl.errors import ArgumentError, RunError
from autotl.results.by_target.answer_arrays import label_flags, label_names, probabilities
from autotl.results.by_target.prediction_rows import joined_labels
from autotl.results.by_target.target_columns import PREDICTED, TRUE
from autotl.results.csv_text import original_text

_TEXTS = ("item", "label", "answer")


def read_answers(folder: Path) -> pd.DataFrame:
    """Read ``test.csv`` of a run folder. Raises RunError if there is none."""
    path = folder / "test.csv"
    if not path.is_file():
        raise RunError(f"{folder} has no test.csv: the run was not finished. Resume it with autotl resume.")
    table = pd.read_csv(path, dtype=dict.fromkeys(_TEXTS, str), keep_default_na=False)
    texts = [name for name in _TEXTS if name in table]
    table[texts] = table[texts].map(original_text)
    return table


def mistakes(answers: pd.DataFrame, kind: str, *, most: int | None = None) -> pd.DataFrame:
    """Return the wrong predictions, the most confident first.

    Args:
        answers: A row for each test image, as in ``test.csv``.
        kind: The kind of target.
        most: Most rows; None for all.

    Returns:
        A row for each wrongly predicted image, or for each number of each image; see
        :meth:`autotl.results.Result.mistakes`.

    Raises:
        ArgumentError: ``most`` is no whole number above 0.
    """
    if most is not None and (isinstance(most, bool) or not isinstance(most, int) or most < 1):
        raise ArgumentError(
            f"n must be a whole number above 0 (got {most!r}). Leave it out for all mistakes."
        )
    find = {"regression": _errors, "multi_label": _wrong_labels}.get(kind, _wrong_classes)
    found = find(answers)
    return found if most is None else found.head(most)


def label_confusion(answers: pd.DataFrame) -> pd.DataFrame:
    """Count right and wrong predictions of each label.

    Args:
        answers: A row for each test image, as in ``test.csv``.

    Returns:
        A row for each label with ``true_positive``, ``false_negative``, ``false_positive`` and
        ``true_negative``.
    """
    given, predicted = (label_flags(answers, column) for column in ("label", "answer"))
    counts = {
        "true_positive": given & predicted,
        "false_negative": given & ~predicted,
        "false_positive": ~given & predicted,
        "true_negative": ~given & ~predicted,
    }
    index = pd.Index(label_names(answers), name="label", dtype=object)
    return pd.DataFrame({name: flags.sum(axis=0) for name, flags in counts.items()}, index=index)


def _wrong_classes(answers: pd.DataFrame) -> pd.DataFrame:
    """The images with a wrong class."""
    found = pd.DataFrame(
        {
            "path": answers["item"],
            "given": answers["label"],
            "predicted": answers["answer"],
            "probability": probabilities(answers).max(axis=1, initial=0.0),
        }
    )
    return _sorted(found[found["given"] != found["predicted"]], "probability")


def _wrong_labels(answers: pd.DataFrame) -> pd.DataFrame:
    """The images with a missed or wrong label; the probability is that of the most confident mistake."""
    names, certain = label_names(answers), probabilities(answers)
    given, predicted = (label_flags(answers, column) for column in ("label", "answer"))
    confidence = np.where(predicted, certain, 1 - certain)
    found = pd.DataFrame(
        {
            "path": answers["item"],
            "given": answers["label"],
            "predicted": answers["answer"],
            "missed": _texts(joined_labels(given & ~predicted, names)),
            "wrong": _texts(joined_labels(predicted & ~given, names)),
            "probability": np.where(given != predicted, confidence, 0.0).max(axis=1, initial=0.0),
        }
    )
    return _sorted(found[(given != predicted).any(axis=1)], "probability")


def _errors(answers: pd.DataFrame) -> pd.DataFrame:
    """The error of each number of each image, the largest in standard deviations of the number first."""
    parts = []
    columns = [str(column) for column in answers.columns]
    for name in (column.removeprefix(TRUE) for column in columns if column.startswith(TRUE)):
        given, predicted = answers[f"{TRUE}{name}"], answers[f"{PREDICTED}{name}"]
        error, spread = predicted - given, float(given.std())
        part = pd.DataFrame(
            {
                "path": answers["item"],
                "number": _texts([name] * len(answers)),
                "given": given,
                "predicted": predicted,
                "error": error,
                "size": error.abs() / (spread if spread > 0 else 1.0),
            }
        )
        parts.append(part)
    return _sorted(pd.concat(parts, ignore_index=True), "size").drop(columns="size")


def _sorted(table: pd.DataFrame, column: str) -> pd.DataFrame:
    return table.sort_values(column, ascending=False, kind="stable").reset_index(drop=True)


def _texts(values: Sequence[str]) -> pd.Series:
    # as objects, because pandas' strings reject names that are not UTF-8
    return pd.Series(values, dtype=object)
