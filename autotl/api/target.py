"""The target of a prediction, and the mathematics of its kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from autotl.api.heads.linear import HeadSetting, LinearHeads, LinearProblem
    from autotl.clock import Deadline

    Outputs = NDArray[np.float32]
    Targets = NDArray[Any]

TargetKind = Literal["single_label", "multi_label", "regression"]
"""The kinds of targets.

``single_label``: each image has one of K classes. ``multi_label``: each image has any number of K labels.
``regression``: each image has K numbers.
"""

RawTarget = str | tuple[str, ...] | tuple[float, ...]
"""The target of an image as data has it: a class, its labels (perhaps none), or its numbers."""


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """The target as plain data, which JSON and other processes can hold.

    Networks learn standardised numbers: the number minus its mean, divided by its scale. Both are those of
    the training images. Without them, outputs are in the user's units, as those of a delivered model are.

    Attributes:
        kind: The kind of target.
        names: The names of the classes, labels or numbers, in the order of the network's outputs.
        means: The mean of each number; () for other kinds, or if outputs are in the user's units.
        scales: The standard deviation of each number, above 0; () as ``means``.
    """

    kind: TargetKind
    names: tuple[str, ...]
    means: tuple[float, ...] = ()
    scales: tuple[float, ...] = ()

    @property
    def outputs(self) -> int:
        """The width of the network's last layer."""
        return len(self.names)

    @property
    def in_units(self) -> TargetSpec:
        """The same target with outputs in the user's units."""
        return TargetSpec(self.kind, self.names)


@dataclass(frozen=True, slots=True)
class Temperature:
    """The number that divides the outputs, and how it was chosen.

    Attributes:
        value: The temperature, above 0; 1 if none was kept.
        kept: Whether a temperature was kept.
        gain: Decrease of the negative log-likelihood, in nats per image, on images that the temperature was
            not fitted to; None if it was not measured.
        se: The standard error of ``gain``; None if it was not measured.
        n: Validation images.
        why: Why no temperature was kept; "" if one was.
    """

    value: float = 1.0
    kept: bool = False
    gain: float | None = None
    se: float | None = None
    n: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class PredictionIntervals:
    """Intervals around predicted numbers that hold a share of the true numbers.

    Attributes:
        half_widths: The number that is added to and subtracted from each prediction, in the user's units; ()
            if there are too few images.
        coverage: The share of true numbers that an interval is made to hold, for each number by itself.
        n: Validation images.
        why: Why there are no intervals, or why they may be too narrow; "" if they are exact for new images
            like these.
    """

    half_widths: tuple[float, ...] = ()
    coverage: float = 0.9
    n: int = 0
    why: str = ""

    @property
    def kept(self) -> bool:
        """Whether there are intervals."""
        return bool(self.half_widths)


Calibration = Temperature | PredictionIntervals
"""A temperature for classes and labels, or intervals for numbers.

A temperature divides all outputs, of classes as of labels.
"""


@runtime_checkable
class Target(Protocol):
    """The mathematics of one kind of target.

    Outputs are a network's last layer, float32 (n, k), before any activation. Targets are encoded as
    :meth:`encode` returns them, one row for each image. Classes are int64 (n,). Labels are float32 (n, k) of
    0 and 1, and numbers are float32 (n, k) in the user's units.

    Attributes:
        spec: The kind, and the names of the outputs.
        default_metric: The metric of a search without a given one.
        strata_names: The names of the strata, by their numbers.
    """

    @property
    def spec(self) -> TargetSpec: ...
    @property
    def default_metric(self) -> str: ...
    @property
    def strata_names(self) -> tuple[str, ...]: ...

    def encode(self, raw: Sequence[RawTarget]) -> Targets:
        """Encode the targets as a reader found them.

        Raises:
            DataError: :class:`autotl.errors.DataError`, if a target is not one of the spec's.
        """
        ...

    def strata(self, targets: Targets) -> NDArray[np.int64]:
        """Return the stratum of each image, (n,).

        Samples keep the strata's shares. An image with several labels is in the stratum of its rarest label.
        """
        ...

    def memberships(self, targets: Targets) -> Sequence[Sequence[int]]:
        """Return all strata of each image, whose shares splits keep.

        It is more than one for an image with several labels.
        """
        ...

    def loss(
        self, outputs: Tensor, targets: Tensor, *, weights: Tensor | None = None, smoothing: float = 0.0
    ) -> Tensor:
        """Return the mean training loss.

        Args:
            outputs: Outputs, (rows, k).
            targets: Encoded targets of the rows.
            weights: Weights of the rows' losses, (rows,); None if all are 1.
            smoothing: Label smoothing, in [0, 1).
        """
        ...

    def predict(self, outputs: Outputs) -> NDArray[np.float64]:
        """Return the predictions that users see, (n, k).

        They are probabilities, or numbers in the user's units.
        """
        ...

    def outputs_of(self, predictions: NDArray[np.float64]) -> Outputs:
        """Return outputs (n, k) that :meth:`predict` turns into these predictions (n, k)."""
        ...

    def combine(self, outputs: Sequence[Outputs], shares: Sequence[float]) -> Outputs:
        """Return outputs whose prediction is the weighted mean of several networks' predictions.

        Args:
            outputs: Outputs (n, k) of each network.
            shares: The weight of each network; their sum is 1.
        """
        ...

    def constant(self, targets: Targets) -> Outputs:
        """Return the best outputs (n, k) that ignore the images."""
        ...

    def perfect(self, targets: Targets) -> Outputs:
        """Return outputs (n, k) that predict every target."""
        ...

    def example(self, rows: int, *, seed: int) -> tuple[Targets, Outputs]:
        """Return random targets and outputs of ``rows`` images.

        They are independent, and each class occurs if there are enough rows.
        """
        ...

    def correct(self, outputs: Outputs, targets: Targets) -> NDArray[Any]:
        """Return how correct each prediction is, (n,), from 0 to 1.

        A class is right or wrong. Several labels are right if all are. Numbers are as correct as the share of
        their variance that the prediction explains, 0 if that is negative.
        """
        ...

    def log_likelihood(self, outputs: Outputs, targets: Targets) -> NDArray[np.float64]:
        """Return the log-likelihood of each target under its prediction, (n,), in nats.

        That of numbers takes their errors as normally distributed, with the variance that these images have.
        """
        ...

    def calibrate(
        self, outputs: Outputs, targets: Targets, *, seed: int, independent: bool = True
    ) -> Calibration:
        """Fit what makes the predictions honest.

        Args:
            outputs: Outputs for images that the networks were not trained on, (n, k).
            targets: Encoded targets of these images.
            seed: Divides the images into halves.
            independent: Whether the networks were trained on no near copy of these images.

        Returns:
            A :class:`Temperature` for classes and labels, :class:`PredictionIntervals` for numbers.
        """
        ...

    def fit_linear(
        self,
        problem: LinearProblem,
        settings: Sequence[HeadSetting],
        *,
        check_cancelled: Callable[[], None],
        end: Deadline,
    ) -> LinearHeads:
        """Fit a linear head for each setting on each fold.

        Args:
            problem: The features and targets.
            settings: How the heads are fitted.
            check_cancelled: Called before each optimiser step; may raise to end the work.
            end: When fitting stops, converged or not.
        """
        ...
