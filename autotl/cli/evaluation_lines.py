"""Write the scores of each class, label or number as lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from autotl.evaluation.number_text import significant

if TYPE_CHECKING:  # slow to import
    from autotl.evaluation import ColumnScore, Evaluation, LabelScore
    from autotl.evaluation.scores import Details


def constant_name(scores: Evaluation) -> str:
    """Name the prediction that is the same for each image."""
    from autotl.evaluation import MultiLabelScores, RegressionScores

    if isinstance(scores.details, RegressionScores):
        return "the same numbers for each image"
    if isinstance(scores.details, MultiLabelScores):
        return "label frequencies alone"
    return "always the most frequent class" if scores.percent else "class frequencies alone"


def score_lines(details: Details) -> Iterator[str]:
    """Yield a line for each class, label or number with scores."""
    from autotl.evaluation import MultiLabelScores, RegressionScores

    if isinstance(details, RegressionScores):
        yield from map(_column, details.per_column)
    elif isinstance(details, MultiLabelScores):
        yield from (_label(each) for each in details.per_label if each.average_precision is not None)
    else:
        for each in details.per_class:
            if each.recall is not None and each.recall_ci95 is not None:
                ends = " – ".join(f"{end:.3f}" for end in each.recall_ci95)
                yield f"{each.recall:6.3f} ({ends}) of {each.n:4d}  {each.name}"


def _label(each: LabelScore) -> str:
    f1 = "–" if each.f1 is None else f"{each.f1:.3f}"
    return f"{each.average_precision:6.3f} average precision, F1 {f1}, of {each.n:4d}  {each.name}"


def _column(each: ColumnScore) -> str:
    explained = "–" if each.r2 is None else f"{each.r2:.3f}"
    held = "" if each.coverage is None else f", {100 * each.coverage:.1f}% inside the intervals"
    return (
        f"MAE {significant(each.mae)}, RMSE {significant(each.rmse)}, R² {explained}, "
        f"bias {significant(each.bias, signed=True)}{held}  {each.name}"
    )
