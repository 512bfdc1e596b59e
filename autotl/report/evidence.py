"""What a run found out, before it is arranged into a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotl.api import Backbone, Dataset, Machine, Plan, Record, Splits

if TYPE_CHECKING:  # a reporter must not cost the time it takes to import torch
    from autotl.evaluation import Findings, Verdict


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything a run found out, before it is arranged. ``profile`` is what :func:`profile` gave."""

    name: str
    dataset: Dataset
    plan: Plan
    records: Sequence[Record]
    findings: Findings
    verdict: Verdict
    backbones: Mapping[str, Backbone]
    profile: Mapping[str, Any]
    splits: Splits
    notes: Sequence[str]
    seconds: float
    search_seconds: float
    precision: str
    machine: Machine
    plugins: Mapping[str, str]
    seed: int
    experience: Mapping[str, Any] | None = None
    catch_up: Any = None
    time_plan: Any = None
