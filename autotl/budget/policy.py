"""The time policy: all fractions of the budget in one place.

Packages below this one cannot import it, and keep the fractions of their steps:

- ``autotl.backbone.find`` (0.5): a backbone is left out if its search takes more than this of the budget.
- ``autotl.backbone.image_size`` (0.15, 0.08): one pass of all backbones, or of each, at the advised size.
  At 60 s, 0.15 allows 160 px, which scored .838 on four data sets; 128 px scored .832 and 96 px .795.
  The pace is measured in 0.2 of the time left.
- ``autotl.preparation.image_groups`` (0.05) and ``extra_images`` (0.15 of a trial): group search; decoding.
- ``autotl.data.reading`` (1.5): reading stops after this multiple of its time.
- ``autotl.builtin.strategies``: the plans of strategies, as fractions of a trial's time. ``from_scratch``
  (0.5, which with one backbone and three arms is :attr:`BudgetPolicy.baselines`), ``linear_probe`` (0.3),
  ``finetune`` (1.5), ``scratch_small`` (0.15, 0.25 of the epochs: the first look).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from autotl.clock import Budget, format_duration


@dataclass(frozen=True, slots=True)
class TimePlan:
    """The planned use of a time budget, in seconds.

    Without a time limit everything is None.

    Attributes:
        budget: The whole budget.
        reading: The most that reading the images may take.
        first_pass: The most that the first pass of all backbones over the training images may take.
        analysis: The most that similarities, data checks and the learning curve may take.
        trial: The time per trial.
        search_until: When the search ends, counted from the start.
        reserve: The seconds kept for each final step, by the name of the step.
    """

    budget: float | None = None
    reading: float | None = None
    first_pass: float | None = None
    analysis: float | None = None
    trial: float | None = None
    search_until: float | None = None
    reserve: Mapping[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        if self.budget is None:
            return "Time plan: no time limit."
        steps = {"reading": self.reading, "first pass": self.first_pass, "analysis": self.analysis}
        parts = [f"{name} {format_duration(each)}" for name, each in steps.items() if each is not None]
        parts += [] if self.trial is None else [f"{format_duration(self.trial)} per trial"]
        kept = ", ".join(f"{name} {format_duration(each)}" for name, each in self.reserve.items() if each)
        end = (
            ""
            if self.search_until is None
            else f" The search ends after {format_duration(self.search_until)}"
        )
        end += f", to keep {kept}." if kept else "." if end else ""
        return f"Time plan: {', '.join(parts)}.{end}"


@dataclass(frozen=True, slots=True)
class BudgetPolicy:
    """Fractions of the budget, each with the measurement behind it."""

    reading: float = 0.08
    """Reading every image once, of the time left. Measured: without it, 60,000 images took 180 s at 20 s."""
    training_pass: float = 0.25
    """The pass of all backbones over the training images, of the time left. Chosen, not measured."""
    test_pass: float = 0.2
    """The passes of all strategies over the test images, of the time left. Chosen, not measured."""
    additional_reading: float = 0.05
    """Reading the images besides the labelled ones, of the time left. Chosen, not measured."""
    additional_pass: float = 0.15
    """The pass of all backbones over these images, of the time left. Chosen, not measured."""
    late: float = 0.5
    """If less is left, optional analysis is skipped. Chosen, not measured."""

    first_pass: float = 0.35
    """The limit of the first pass if the machine slows down, of the time left. Chosen, not measured."""
    classifier_fits: float = 0.25
    """Fitting the classifiers of all backbones on the features, of the time left. Chosen, not measured."""
    similarity: float = 0.02
    """Similarity to the sources: fewer images widen its intervals only. Chosen, not measured."""
    similarity_limit: float = 4.0
    """The limit of the similarity on a slow machine, times ``similarity``. Chosen, not measured."""
    test_images: float = 0.03
    """The pass over test images that looks for leaks and shift. Chosen, not measured."""
    data_checks: float = 0.15
    """The limit for starting a data check, of the time left. Chosen, not measured."""
    learning_curve: float = 0.03
    """The learning curve of the probe. Chosen, not measured."""
    learning_curve_limit: float = 2.0
    """The limit of the learning curve on a slow machine, times ``learning_curve``. Chosen, not measured."""

    defaults: float = 0.6
    """The defaults of all arms, of the time for trials. Chosen, not measured."""
    training_arms: float = 0.5
    """Fraction of the arms that train a network; the others are very cheap. Chosen, not measured."""

    all_folds: float = 0.02
    """A trial runs on all folds at once if they cost no more than this. Chosen, not measured."""
    baselines: float = 0.2
    """The least for baselines, and the most for one trial of a baseline, of the time for trials. Measured:
    without the limit, a baseline that ran last took a third of a minute.
    """
    first_look: float = 0.15
    """The limit of one first look, of the time for trials. Chosen, not measured."""
    later_repeats: float = 0.2
    """Later repeats without a time limit, of the cost of first ones. Measured: without it, two tied
    trials ran on fifteen folds each where five had been requested.
    """
    cheapest_action: float = 0.01
    """The least cost of an action in the ranking, of the time left. Chosen, not measured."""
    short: float = 0.25
    """If less is left before the first result of transfer, baselines wait. Chosen, not measured."""
    longest_start: float = 3.0
    """The longest trial that is started, times the time left. Chosen, not measured."""

    refit: float = 0.3
    """Refit on all training images, if the folds leave out ``refit_held_out``. Chosen, not measured: it
    limits what the last fifth of the images may cost.
    """
    refit_held_out: float = 0.2
    """Fraction of images; if folds leave out less, the refit may cost less. Chosen, not measured."""
    repeated_tests: float = 0.05
    """Testing further networks of both sides of the transfer gain. Chosen, not measured."""
    missing_folds: float = 0.5
    """Training networks of folds that were not kept, of ``repeated_tests``. Chosen, not measured."""
    soup: float = 0.03
    """Testing average weights on validation images. Chosen, not measured."""
    ensemble: float = 0.01
    """Selecting ensemble members from known outputs. Chosen, not measured."""
    ensemble_test: float = 0.2
    """Testing members other than the winner. Chosen, not measured."""
    adaptation: float = 0.2
    """All adaptations to the place of use, of the budget. Chosen, not measured."""
    adaptation_of_search: float = 0.25
    """The same without a time budget, of the seconds of all trials. Chosen, not measured."""
    adaptation_seconds: float = 60.0
    """Seconds, not a fraction: the least for adaptations without a time budget. Chosen, not measured."""
    equal_test: float = 0.5
    """The least for one network, of an equal part of the test time. Chosen, not measured: decoding an image
    takes as long for a small network as for a large one.
    """
    margin: float = 1.2
    """The factor on the expected seconds of a final step. Chosen, not measured."""
    crossover_margin: float = 1.3
    """The same for the trainings of the scratch crossover, which are less even. Chosen, not measured."""
    report_seconds: float = 1.5
    """Seconds, not a fraction: writing the report. Chosen, not measured."""
    thumbnail_seconds: float = 30.0
    """Seconds, not a fraction: the most for the thumbnails of the report. Chosen, not measured."""

    def plan(
        self,
        budget: Budget,
        *,
        trial_seconds: float | None = None,
        reserve: Mapping[str, float] = MappingProxyType({}),
    ) -> TimePlan:
        """Return the planned use of ``budget``.

        Args:
            budget: The budget.
            trial_seconds: The time per trial; None without a time limit.
            reserve: Seconds that each final step is expected to take, by the name of the step.
        """
        whole = budget.seconds
        if whole is None:
            return TimePlan()
        reading = self.reading * whole
        return TimePlan(
            budget=whole,
            reading=reading,
            first_pass=self.first_pass * (whole - reading),
            analysis=(self.similarity + self.test_images + self.learning_curve) * whole,
            trial=trial_seconds,
            search_until=max(0.0, whole - sum(reserve.values())),
            reserve=dict(reserve),
        )


POLICY = BudgetPolicy()
