"""Use the rows of past runs as measured scores."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from autotl.experience import Row
from autotl.forecast.model import Case, Observation
from autotl.forecast.scale import ACCURACY_SCALE


def observations(rows: Iterable[Row], baselines: Collection[str]) -> list[Observation]:
    """Return the rows that a model can learn from.

    They have accuracies on single labels, and the accuracy of the probe. Rows that came with the package are
    left out: the shipped model has learned from them. So are strategies that transfer, on random weights.

    Args:
        rows: Rows of past runs.
        baselines: Names of the strategies that transfer nothing.
    """
    return [
        observed(row.data_digest, row, baseline=row.strategy in baselines)
        for row in rows
        if row.metric == "accuracy"
        and row.kind == "single_label"
        and row.score is not None
        and row.probe_score is not None
        and (row.pretrained or row.strategy in baselines)
        and not row.provenance.startswith("shipped")
    ]


def observed(data: str, row: Row, *, baseline: bool) -> Observation:
    """Return a row's score as an observation.

    Args:
        data: Name or digest of the data.
        row: A row of accuracies with the score and the probe's score.
        baseline: Whether its strategy transfers nothing.
    """
    assert row.score is not None
    assert row.probe_score is not None
    probe = ACCURACY_SCALE.logit(row.probe_score)
    case = Case(row.n_train, row.n_classes, row.likeness, probe)
    return Observation(data, row.strategy, baseline, case, ACCURACY_SCALE.logit(row.score) - probe)
