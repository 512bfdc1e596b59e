"""Keep what a run has told so far, and put it into words that every display shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autotl.api import Arm, Plan, Record
from autotl.clock import Clock, format_duration, seconds_since_start

LEADS = "leads"
EXPLAINED = (
    f"A line per trial: time, number, validation score. '{LEADS}' marks the trial that would be delivered: "
    "the cheapest of those that are not clearly behind the best."
)
"""What a newcomer needs to read the lines of trials."""
SETTINGS = 3
"""Settings of a trial that are shown; ``trials.csv`` has them all."""
UNITS = {"image_size": "px", "epochs": "epochs"}


@dataclass(frozen=True, slots=True)
class TrialLine:
    """What is shown of a trial that has ended.

    Attributes:
        time: Time since the run began.
        number: The trial's number, as in ``trials.csv``.
        score: The validation score.
        name: Strategy and backbone.
        detail: Folds, settings, and how it ended if it did not end as planned.
        leads: Whether it would be delivered if the run ended now.
    """

    time: str
    number: str
    score: str
    name: str
    detail: str
    leads: bool


class Course:
    """What a run has told so far. ``clock`` also tells how long it has been running."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._started = clock.now() - seconds_since_start()
        self._plan: Plan | None = None
        self._best: Record | None = None
        self._doing = ""

    def doing(self, step: str, done: int, total: int) -> None:
        """Keep the step that is being done."""
        self._doing = f"{step} {done:,} of {total:,}" if total else step

    def learning(self, arm: Arm, *, number: int, fold: int, progress: float) -> None:
        """Keep the trial that is being trained, and how far it is."""
        place = "all images" if fold < 0 else f"fold {fold + 1}"
        self._doing = f"trial {number} {arm.strategy} · {arm.backbone} · {place} {progress:.0%}"

    def planned(self, plan: Plan) -> str:
        """Keep the plan; return a line that sums it up."""
        self._plan, self._doing = plan, "running trials"
        task = plan.task
        goal = "" if task.metric == "accuracy" else f" · {task.metric.replace('_', ' ')}"
        goal += "" if plan.higher_is_better else ", lower is better"
        return " · ".join(
            each
            for each in (
                f"{task.train_rows:,} training images, {len(task.classes)} classes",
                _counted(len({arm.strategy for arm in plan.arms}), "strategy", "strategies")
                + " on "
                + _counted(len({arm.backbone for arm in plan.arms}), "network", "networks"),
                _limits(plan) + goal,
            )
            if each
        )

    def scored(self, record: Record, best: Record | None) -> TrialLine:
        """Keep which trial leads; return what is shown of the one that has ended."""
        self._best = best
        kind = "default settings" if record.default else "short first look" if record.look else ""
        folds = f"{record.folds} of {self._plan.folds} folds" if self._plan else f"{record.folds} folds"
        state = "" if record.state == "complete" else record.state
        return TrialLine(
            time=format_duration(self.seconds),
            number=f"#{record.number}",
            score="–" if record.score is None else self._shown(record.score),
            name=str(record.arm),
            detail=" · ".join(each for each in (folds, kind or _settings(record.params), state) if each),
            leads=best is not None and record.number == best.number,
        )

    def line(self) -> str:
        """What is being done now: the time, the step, the best score so far and the time left."""
        best = ""
        if self._best and self._best.score is not None:
            best = f"best {self._shown(self._best.score)} (#{self._best.number})"
        budget = self._plan.seconds if self._plan else None
        rest = 0.0 if budget is None else budget - self.seconds
        left = f"{format_duration(rest)} left" if rest > 0 else ""
        return " · ".join(
            each for each in (format_duration(self.seconds), self._doing or "starting", best, left) if each
        )

    @property
    def seconds(self) -> float:
        """Seconds since the run began."""
        return self._clock.now() - self._started

    def _shown(self, score: float) -> str:
        """A score as people read the metric; the plan tells it."""
        lower = self._plan is not None and not self._plan.higher_is_better
        return f"{-score if lower else score:.3f}"


def _limits(plan: Plan) -> str:
    said = [format_duration(plan.seconds)] if plan.seconds is not None else []
    if plan.trials is not None:
        said.append(_counted(plan.trials, "trial", "trials"))
    return " or ".join(said)


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _settings(params: Mapping[str, object]) -> str:
    """The first settings, as short as they can be understood; what is off is left out."""
    told = [_setting(name, value) for name, value in params.items() if value not in (None, False, "none")]
    return ", ".join([*told[:SETTINGS], *(["…"] if len(told) > SETTINGS else [])])


def _setting(name: str, value: object) -> str:
    spoken = name.replace("_", " ")
    if value is True:
        return spoken
    short = f"{value:.2g}" if isinstance(value, float) else str(value)
    return f"{short} {UNITS[name]}" if name in UNITS else f"{spoken} {short}"
