"""Define the results of a run from which a report is built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from autotl.api import Backbone, Dataset, Likeness, Machine, Plan, Record, Splits, Strategy, Task
from autotl.progress.timeline import TimePart

if TYPE_CHECKING:  # writing a report must not import torch
    from autotl.adaptation.result import Adaptation
    from autotl.evaluation import Findings, Verdict
    from autotl.forecast import ArmForecast


@dataclass(frozen=True, slots=True)
class ProfileEvidence:
    """Results that are known before training.

    Attributes:
        task: Target and sizes of the training images.
        splits: Division into training and test images.
        likeness: Similarities by backbone and measure.
        overlap: Known classes by backbone.
        copies: Near copies of source images; None without source images.
        ranking: Ranking of the backbones by their scores.
        outlook: Learning curve of the linear probe; None if not measured.
        advice: Rule of thumb.
        quality: Data issues found without a network.
        examined: Data issues found with a network.
        targets: Encoded targets of the training images; None leaves their facts out.
        can_adapt: Whether an installed strategy adapts to the place of use.
    """

    task: Task
    splits: Splits
    likeness: Mapping[str, Mapping[str, Likeness]]
    overlap: Any
    copies: Any
    ranking: Any
    outlook: Any
    advice: Any
    quality: Any
    examined: Mapping[str, Any]
    targets: Any = None
    can_adapt: bool = True


@dataclass(frozen=True, slots=True)
class GivenImages:
    """Numbers of one set of additional images.

    ``images`` were given and ``used`` may be learned from; ``left_out`` are copies of labelled images.
    """

    images: int
    used: int
    left_out: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """Results of a run.

    Attributes:
        name: Name of the data.
        dataset: The data.
        plan: Arms, skipped arms and budget.
        records: Finished trials.
        findings: Results on the test set.
        verdict: Outcome.
        backbones: Networks by name.
        profile: Result of :func:`autotl.report.profile`.
        splits: Division of the images.
        notes: Inferences and remarks, as sentences.
        seconds: Time of the run.
        search_seconds: Time of the search.
        precision: Number format of the training.
        machine: Device and threads.
        plugins: Versions by distribution.
        seed: Seed of the run.
        experience: Prediction of past runs; None without past runs.
        catch_up: Scratch crossover; None if not measured.
        strategy: The winning strategy; None if it is unknown.
        time_plan: Planned use of the budget; None if unknown.
        timeline: Seconds by phase and activity, up to the report.
        additional: Images besides the labelled ones, by role.
        adaptation: Decision on adapting to the place of use; None without such images.
        forecasts: Forecasts of the arms.
        pictures: Result of :func:`autotl.report.keep_pictures`; None without pictures.
    """

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
    timeline: Sequence[TimePart] = ()
    strategy: Strategy | None = None
    additional: Mapping[str, GivenImages] = field(default_factory=dict)
    adaptation: Adaptation | None = None
    forecasts: Sequence[ArmForecast] = ()
    pictures: Mapping[str, Any] | None = None
