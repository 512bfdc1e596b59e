"""Track the progress of a run and format it as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autotl.api import Arm, Plan, Record, TargetKind
from autotl.clock import Clock, format_duration, seconds_since_start
from autotl.evaluation.number_text import IN_UNITS, metric_name, significant
from autotl.modalities import modality_named

LEADS = "leads"
LEGEND = (
    f"Each line is a trial: time, number, validation score. '{LEADS}' marks the trial that would be "
    "delivered: the one with the highest expected score."
)
"""Explanation of the lines of trials."""
SETTINGS = 3
"""Number of settings in a line; ``trials.csv`` has all settings."""
OUTPUTS: Mapping[TargetKind, str] = {
    "single_label": "classes",
    "multi_label": "labels",
    "regression": "numbers each",
}


@dataclass(frozen=True, slots=True)
class TrialLine:
    """Text of a finished trial.

    Attributes:
        time: Time since the run began.
        number: The trial's number, as in ``trials.csv``.
        score: The validation score.
        name: Strategy and backbone.
        detail: Folds, settings, and the state unless complete.
        leads: Whether the trial would be delivered if the run ended now.
    """

    time: str
    number: str
    score: str
    name: str
    detail: str
    leads: bool


class RunProgress:
    """Progress of a run; ``clock`` measures its time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._started = clock.now() - seconds_since_start()
        self._plan: Plan | None = None
        self._best: Record | None = None
        self._doing, self._noun, self._symbol = "", "image", "px"

    def doing(self, step: str, done: int, total: int) -> None:
        """Keep the current step.

        Args:
            step: Name of the step.
            done: Finished items.
            total: All items; 0 if unknown.
        """
        self._doing = f"{step} {done:,} of {total:,}" if total else step

    def learning(self, arm: Arm, *, number: int, fold: int, progress: float) -> None:
        """Keep the running trial.

        Args:
            arm: Strategy and backbone of the trial.
            number: Number of the trial.
            fold: Index of the fold; negative for the training on all images.
            progress: Finished fraction of the fold, in [0, 1].
        """
        place = f"all {self._noun}s" if fold < 0 else f"fold {fold + 1}"
        self._doing = f"trial {number} {arm.strategy} · {arm.backbone} · {place} {progress:.0%}"

    def planned(self, plan: Plan) -> str:
        """Keep the plan and return its summary."""
        self._plan, self._doing, task = plan, "running trials", plan.task
        modality = modality_named(task.modality)
        outputs = f"{task.target.outputs} {OUTPUTS[task.target.kind]}"
        self._noun, self._symbol = modality.noun, modality.words.symbol
        goal = "" if task.metric == "accuracy" else f" · {metric_name(task.metric)}"
        goal += "" if plan.higher_is_better else ", lower is better"
        return " · ".join(
            each
            for each in (
                f"{task.train_rows:,} training {self._noun}s, {outputs}",
                _counted(len({arm.strategy for arm in plan.arms}), "strategy", "strategies")
                + " on "
                + _counted(len({arm.backbone for arm in plan.arms}), "network", "networks"),
                _limits(plan) + goal,
            )
            if each
        )

    def scored(self, record: Record, best: Record | None) -> TrialLine:
        """Keep the leading trial and return the text of the finished trial."""
        self._best = best
        kind = "default settings" if record.default else "short first look" if record.look else ""
        folds = f"{record.folds} of {self._plan.folds} folds" if self._plan else f"{record.folds} folds"
        state = "" if record.state == "complete" else record.state
        return TrialLine(
            time=format_duration(self.seconds),
            number=f"#{record.number}",
            score="–" if record.score is None else self._shown(record.score),
            name=str(record.arm),
            detail=" · ".join(
                each for each in (folds, kind or _settings(record.params, self._symbol), state) if each
            ),
            leads=best is not None and record.number == best.number,
        )

    def line(self) -> str:
        """Return the time, the step, the best score and the time left."""
        best = ""
        if self._best and self._best.score is not None:
            best = f"best {self._shown(self._best.score)} (#{self._best.number})"
        rest = self.seconds_left or 0.0
        left = f"{format_duration(rest)} left" if rest > 0 else ""
        return " · ".join(each for each in (format_duration(self.seconds), self.step, best, left) if each)

    @property
    def step(self) -> str:
        """The current step."""
        return self._doing or "starting"

    @property
    def seconds_left(self) -> float | None:
        """Seconds of the budget that are left; None if unknown."""
        budget = self._plan.seconds if self._plan else None
        return None if budget is None else budget - self.seconds

    @property
    def seconds(self) -> float:
        """Seconds since the start of the run."""
        return self._clock.now() - self._started

    def _shown(self, score: float) -> str:
        """A score in the direction of the metric."""
        plan = self._plan
        number = -score if plan is not None and not plan.higher_is_better else score
        return significant(number) if plan and plan.task.metric in IN_UNITS else f"{number:.3f}"


def _limits(plan: Plan) -> str:
    limits = [format_duration(plan.seconds)] if plan.seconds is not None else []
    if plan.trials is not None:
        limits.append(_counted(plan.trials, "trial", "trials"))
    return " or ".join(limits)


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _settings(params: Mapping[str, object], symbol: str) -> str:
    """The first settings in short form, without disabled settings."""
    shown = [
        _setting(name, value, symbol) for name, value in params.items() if value not in (None, False, "none")
    ]
    return ", ".join([*shown[:SETTINGS], *(["…"] if len(shown) > SETTINGS else [])])


def _setting(name: str, value: object, symbol: str) -> str:
    label = name.replace("_", " ")
    if value is True:
        return label
    short = f"{value:.2g}" if isinstance(value, float) else str(value)
    units = {"image_size": symbol, "epochs": "epochs"}
    return f"{short} {units[name]}" if name in units else f"{label} {short}"
