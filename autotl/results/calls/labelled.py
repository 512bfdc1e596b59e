"""Read labelled images, and choose the metric that scores them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotl.api import Columns, Dataset, TargetSpec
from autotl.errors import MetricError
from autotl.importing.lazy import lazy_module
from autotl.metrics import METRICS_OF, Metric, get_metric
from autotl.results.by_target.labelled_targets import label_columns
from autotl.results.by_target.labelled_targets import read_labelled as read_choices

if TYPE_CHECKING:
    import pandas as pd
else:  # slow to import, and only tables need it
    pd = lazy_module("pandas")


def metric_of_run(name: Any, spec: TargetSpec) -> Metric:
    """Return the metric that a report names.

    Raises:
        MetricError: It is a user's function.
    """
    known = METRICS_OF[spec.kind]
    if name not in known:  # a report may come from anywhere, so its metric is not imported
        raise MetricError(
            f"This run used a Python function as metric ({name}). Give it again with metric=, or one of "
            f"{', '.join(known)}."
        )
    return get_metric(known[name], spec)


def read_labelled(
    read: Callable[[Any, Columns], Dataset],
    data: Any,
    target: TargetSpec,
    *,
    image: str | None,
    label: str | Sequence[str] | None,
) -> Dataset:
    """Read labelled images for a model.

    Args:
        read: Reads data and columns.
        data: The images, in any form that ``fit`` takes.
        target: The target of the model.
        image: The column of a table that holds the images.
        label: The columns of a table that hold the labels; None to find them.
    """
    choices: list[tuple[str, ...]] = [(label,) if isinstance(label, str) else tuple(label or ())]
    if not label and target.kind == "regression" and isinstance(data, str | Path | pd.DataFrame):
        choices = label_columns(target.names)
    return read_choices(read, data, image, choices, target.kind)
