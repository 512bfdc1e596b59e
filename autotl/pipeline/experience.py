"""What past runs foretell for this one, and what this one shows to those that come."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import numpy as np

from autotl.api import Arm, Backbone
from autotl.config.run_config import RunConfig
from autotl.evaluation import Findings
from autotl.experience import Experience, Prior, Profile, Row, default_path, prior, prior_from, shipped_rows
from autotl.pipeline.prepare import Prepared
from autotl.trials.history import TrialHistory

HERE = "this machine"


def recall(ready: Prepared, metric: str | None) -> Prior:
    """What the rows on this machine and the shipped ones say of data like this by this metric."""
    path = default_path()
    known = [*shipped_rows(), *(Experience(path).rows() if path else [])]
    return prior([row for row in known if row.metric == metric], profile_of(ready))


def recalled(ready: Prepared, setup: RunConfig, kept: Mapping[str, Any] | None) -> Prior | None:
    """What past runs foretell; in a run that is resumed, what they foretold when it was begun."""
    if not setup.experience:
        return None
    return recall(ready, setup.metric.key) if kept is None else prior_from(kept)


def profile_of(ready: Prepared) -> Profile:
    """The data as the table of experience describes it."""
    task, first = ready.task, ready.ranking.order[0]
    likeness = list(task.likeness.get(first, {}).values())
    scored = ready.ranking.scores.get(first, {}).get("probe_accuracy")
    return Profile(
        data_digest=ready.dataset.digest,
        n_train=task.train_rows,
        n_classes=len(task.classes),
        min_per_class=task.min_per_class,
        image_side=task.side,
        likeness=float(np.median(likeness)) if likeness else None,
        probe_score=scored.value if scored else None,
    )


def remember(ready: Prepared, ledger: TrialHistory, findings: Findings, budget: float | None) -> str:
    """Add a row for each arm that was scored; says why where that could not be done."""
    path = default_path()
    if path is None or ledger.metric.key is None:
        return ""
    table = Experience(path)
    table.add(rows_of(ready, ledger, findings, budget))
    return table.why


def rows_of(
    ready: Prepared,
    ledger: TrialHistory,
    findings: Findings,
    budget: float | None,
    *,
    provenance: str = HERE,
) -> list[Row]:
    """A row for each arm that was scored, the best first."""
    profile, task = profile_of(ready), ready.task
    scored = {arm: finding.best for arm, finding in findings.arms.items() if finding.best.score is not None}
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
            likeness=profile.likeness,
            probe_score=profile.probe_score,
            strategy=arm.strategy,
            backbone_architecture=_backbone(ready, arm).architecture,
            pretrained=_backbone(ready, arm).weights.pretrained,
            metric=ledger.metric.key or task.metric,
            score=scored[arm].score,
            test=ledger.metric.shown(findings.arms[arm].test.value),
            rank=rank,
            regret=float(scored[ranked[0]].score or 0.0) - float(scored[arm].score or 0.0),
            params=json.dumps(dict(scored[arm].params), sort_keys=True),
            seconds=_seconds(ledger, arm),
            budget_seconds=budget,
        )
        for rank, arm in enumerate(ranked, 1)
    ]


def foretold(known: Prior | None, winner: str | None, strategies: Sequence[str]) -> dict[str, Any] | None:
    """What was foretold and, where there is a ``winner``, whether it came true; None without past runs.

    It is None too whether it came true where what was foretold was not among the strategies.
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


def _backbone(ready: Prepared, arm: Arm) -> Backbone:
    return ready.networks[arm.backbone]


def _seconds(ledger: TrialHistory, arm: Arm) -> float:
    return float(sum(trial.seconds for trial in ledger.trials.values() if trial.arm == arm))
