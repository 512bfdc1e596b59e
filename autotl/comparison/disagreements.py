"""List the test images that one of two runs predicts better."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from autotl.comparison.difference import Difference
from autotl.comparison.pairing import PairedImages
from autotl.results.by_target.target_columns import PREDICTED, TRUE

CLASS_COLUMNS = ("run", "path", "given", "predicted_first", "predicted", "right")
NUMBER_COLUMNS = ("run", "path", "number", "given", "predicted_first", "predicted", "closer")


def disagreements(found: Sequence[Difference]) -> pd.DataFrame:
    """Return the images that one run alone predicts correctly.

    Args:
        found: The differences to the first run.

    Returns:
        A row for each image, or for each number of each image; see
        :meth:`autotl.comparison.result.Comparison.disagreements`.
    """
    paired = [(each, each.pairs) for each in found if each.pairs is not None]
    tables = [_of_numbers(each, pairs) for each, pairs in paired if _numbers(pairs)]
    tables += [_of_classes(each, pairs) for each, pairs in paired if not _numbers(pairs)]
    if not tables:
        return pd.DataFrame(columns=pd.Index(CLASS_COLUMNS, dtype=object))
    return pd.concat(tables, ignore_index=True)


def _numbers(pairs: PairedImages) -> bool:
    return pairs.target.spec.kind == "regression"


def _of_classes(found: Difference, pairs: PairedImages) -> pd.DataFrame:
    """Return the images that only one run predicts correctly, the compared run first."""
    ours, theirs = (each.answers for each in pairs.images)
    assert found.merits is not None
    lead = found.merits[1] - found.merits[0]
    rows = np.argsort(-lead, kind="stable")
    rows = rows[lead[rows] != 0]
    table = pd.DataFrame(
        {
            "run": _texts([found.run.name] * len(rows)),
            "path": _texts(ours["item"].to_numpy()[rows]),
            "given": _texts(ours["label"].to_numpy()[rows]),
            "predicted_first": _texts(ours["answer"].to_numpy()[rows]),
            "predicted": _texts(theirs["answer"].to_numpy()[rows]),
            "right": _texts([found.run.name if each > 0 else found.first.name for each in lead[rows]]),
        }
    )
    return table[list(CLASS_COLUMNS)]


def _of_numbers(found: Difference, pairs: PairedImages) -> pd.DataFrame:
    """Return each number of each image, the largest change of its error first."""
    ours, theirs = (each.answers for each in pairs.images)
    parts = []
    for name in pairs.target.spec.names:
        given = ours[f"{TRUE}{name}"].to_numpy(dtype=np.float64)
        predicted = [each[f"{PREDICTED}{name}"].to_numpy(dtype=np.float64) for each in (ours, theirs)]
        lead = np.abs(predicted[0] - given) - np.abs(predicted[1] - given)
        spread = float(given.std())
        parts.append(
            pd.DataFrame(
                {
                    "run": _texts([found.run.name] * len(given)),
                    "path": ours["item"],
                    "number": _texts([name] * len(given)),
                    "given": given,
                    "predicted_first": predicted[0],
                    "predicted": predicted[1],
                    "closer": _texts([found.run.name if each > 0 else found.first.name for each in lead]),
                    "change": np.abs(lead) / (spread if spread > 0 else 1.0),
                }
            )[lead != 0]
        )
    table: pd.DataFrame = pd.concat(parts).sort_values("change", ascending=False, kind="stable")
    return table[list(NUMBER_COLUMNS)].reset_index(drop=True)


def _texts(values: Sequence[str]) -> pd.Series:
    # as objects, because pandas' strings reject names that are not UTF-8
    return pd.Series(values, dtype=object)
