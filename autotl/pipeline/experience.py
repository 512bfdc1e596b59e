"""Read the table of past runs, and add a run to it."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import numpy as np

from autotl.api import Arm, Record
from autotl.config.run_settings import RunSettings
from autotl.evaluation import Findings
from autotl.experience import Experience, Prior, Profile, Row, default_path, prior, prior_from, shipped_rows
from autotl.pipeline.prepare import Prepared
from autotl.trials.history import TrialHistory

HERE = "this machine"


def recall(prepared: Prepared, metric: str | None) -> Prior:
    """Return the prediction of past runs on similar data.

    It uses the rows of this machine and the shipped ones.

    Args:
        prepared: The prepared search.
        metric: The key of the metric.
    """
    return prior([row for row in past_rows() if row.metric == metric], profile_of(prepared))


def past_rows() -> list[Row]:
    """Return the shipped rows and those of this machine."""
    path = default_path()
    return [*shipped_rows(), *(Experience(path).rows() if path else [])]


IMAGES = "image "
"""The beginning of the kind of runs on images, which the table of past runs leaves out."""


def recall_once(prepared: Prepared, settings: RunSettings, kept: Mapping[str, Any] | None) -> Prior | None:
    """Return the prediction of past runs; a resumed run keeps its own.

    Args:
        prepared: The prepared search.
        settings: The options of the run.
        kept: The prediction in ``run.json``.

    Returns:
        The prediction; None if the user wants none.
    """
    if not settings.search.experience:
        return None
    return recall(prepared, prepared.metric.key) if kept is None else prior_from(kept)


def profile_of(prepared: Prepared, backbone: str | None = None) -> Profile:
    """Return the data's properties in the table of past runs.

    Args:
        prepared: The prepared search.
        backbone: The backbone for similarity and probe; None for the best one.
    """
    task, first = prepared.task, backbone or prepared.ranking.order[0]
    similarities = list(task.likeness.get(first, {}).values())
    scores = prepared.ranking.scores.get(first, {})
    scored = scores.get("probe_accuracy") or scores.get("probe_skill")
    return Profile(
        data_digest=prepared.dataset.digest,
        n_train=task.train_rows,
        n_classes=task.target.outputs,
        min_per_class=task.smallest_stratum,
        image_side=task.typical_size,
        likeness=float(np.median(similarities)) if similarities else None,
        probe_score=scored.value if scored else None,
        kind=f"{task.modality} {task.target.kind}".removeprefix(IMAGES),
    )


def remember(
    prepared: Prepared,
    history: TrialHistory,
    findings: Findings,
    budget: float | None,
    *,
    without: Collection[str] = (),
) -> tuple[str, ...]:
    """Add a row for each scored arm to the table.

    Args:
        prepared: The prepared search.
        history: The trials.
        findings: The test evaluation.
        budget: The budget in seconds; None without one.
        without: Strategies without rows: they learn from images that the next run may lack.

    Returns:
        A sentence if the table could not be written.
    """
    path = default_path()
    if path is None or history.metric.key is None:
        return ()
    table = Experience(path)
    table.add(rows_of(prepared, history, findings, budget, without=without))
    return (table.problem,) if table.problem else ()


def rows_of(
    prepared: Prepared,
    history: TrialHistory,
    findings: Findings,
    budget: float | None,
    *,
    provenance: str = HERE,
    without: Collection[str] = (),
) -> list[Row]:
    """Return a row for each scored arm, best first.

    Args:
        prepared: The prepared search.
        history: The trials.
        findings: The test evaluation.
        budget: The budget in seconds; None without one.
        provenance: The origin of the rows.
        without: Strategies without rows.
    """
    profile, scored = profile_of(prepared), _scored(findings, without)
    own = {arm: _own_profile(prepared, arm.backbone, profile) for arm in scored}
    ranked = sorted(scored, key=lambda arm: -float(scored[arm].score or 0.0))
    run, created = uuid4().hex, datetime.now(UTC).isoformat(timespec="seconds")
    return [
        Row(
            run=run,
            created=created,
            provenance=provenance,
            data_digest=profile.data_digest,
            n_train=profile.n_train,
            n_classes=profile.n_classes,
            min_per_class=profile.min_per_class,
            image_side=profile.image_side,
            likeness=own[arm].likeness,
            probe_score=own[arm].probe_score,
            strategy=arm.strategy,
            backbone_architecture=prepared.networks[arm.backbone].architecture,
            pretrained=prepared.networks[arm.backbone].weights.pretrained,
            metric=history.metric.key or prepared.task.metric,
            score=scored[arm].score,
            test=history.metric.reported(findings.arms[arm].test.value),
            rank=rank,
            regret=float(scored[ranked[0]].score or 0.0) - float(scored[arm].score or 0.0),
            params=json.dumps(dict(scored[arm].params), sort_keys=True),
            seconds=_seconds(history, arm),
            budget_seconds=budget,
            kind=profile.kind,
        )
        for rank, arm in enumerate(ranked, 1)
    ]


def prediction(known: Prior | None, winner: str | None, strategies: Sequence[str]) -> dict[str, Any] | None:
    """Return the prediction of past runs, as a report shows it.

    Args:
        known: The prediction.
        winner: The strategy that won; None before the search.
        strategies: The strategies that were searched.

    Returns:
        The prediction; None without past runs. ``agreed`` is None if the predicted strategy was not searched.
    """
    if known is None or known.predicted is None:
        return None
    named = known.predicted.strategy
    return {
        "evidence": known.evidence,
        "predicted": named,
        "probability": known.predicted.probability,
        "agreed": named == winner if winner is not None and named in strategies else None,
    }


def _own_profile(prepared: Prepared, network: str, best: Profile) -> Profile:
    """Return the profile with a network's own similarity and probe, where known."""
    own = profile_of(prepared, network)
    return replace(
        best,
        likeness=best.likeness if own.likeness is None else own.likeness,
        probe_score=best.probe_score if own.probe_score is None else own.probe_score,
    )


def _scored(findings: Findings, without: Collection[str]) -> dict[Arm, Record]:
    """Return the best trial of each arm that has a score."""
    best = {arm: found.best for arm, found in findings.arms.items() if arm.strategy not in without}
    return {arm: trial for arm, trial in best.items() if trial.score is not None}


def _seconds(history: TrialHistory, arm: Arm) -> float:
    return float(sum(trial.seconds for trial in history.trials.values() if trial.arm == arm))
