"""The target of a prediction, and the mathematics of its kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from autotl.clock import Deadline

    Outputs = NDArray[np.float32]
    Targets = NDArray[Any]

TargetKind = Literal["single_label"]
"""``single_label``: each image has one of K classes."""


@dataclass(frozen=True, slots=True)
class TargetSpec:
    """The target as plain data, which JSON and other processes can hold.

    Attributes:
        kind: The kind of target.
        names: The names of the classes, in the order of the network's outputs.
    """

    kind: TargetKind
    names: tuple[str, ...]

    @property
    def outputs(self) -> int:
        """The width of the network's last layer."""
        return len(self.names)


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
class LinearHeads:
    """Fitted linear layers for all folds and settings.

    ``features @ weight[f, s].T + bias[f, s]`` are the outputs of setting s on fold f.

    ``weight`` is (folds, settings, outputs, d) and ``bias`` (folds, settings, outputs). ``converged`` is
    False if the time ended before a fit converged.
    """

    weight: Tensor
    bias: Tensor
    converged: bool = True


@dataclass(frozen=True, slots=True)
class HeadSetting:
    """Settings of a linear head that is fitted to frozen features.

    The head of single labels is a multinomial logistic regression: ``c`` is scikit-learn's C, ``balanced``
    its ``class_weight="balanced"``. ``standardise`` scales each feature to variance 1 on the rows that are
    fitted.
    """

    c: float
    standardise: bool = True
    balanced: bool = False


@dataclass(frozen=True, slots=True)
class LinearProblem:
    """The data of a linear head.

    Attributes:
        features: Frozen features, float32 (n, d).
        targets: Encoded targets, (n,).
        folds: Indices of the training rows of each fold.
        weights: Weights of the rows, float32 (n,); None if all are equal.
    """

    features: Tensor
    targets: Tensor
    folds: Sequence[Tensor]
    weights: Tensor | None = None

    def to(self, device: str) -> LinearProblem:
        """Return the same problem on a device."""
        folds = [rows.to(device) for rows in self.folds]
        weights = None if self.weights is None else self.weights.to(device)
        return LinearProblem(self.features.to(device), self.targets.to(device), folds, weights)


@runtime_checkable
class Target(Protocol):
    """The mathematics of one kind of target.

    Outputs are a network's last layer, float32 (n, k), before any activation. Targets are encoded as
    :meth:`encode` returns them, one row for each image.

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

    def encode(self, raw: Sequence[str]) -> Targets:
        """Encode the targets as a reader found them.

        Raises:
            DataError: :class:`autotl.errors.DataError`, if a target is not one of the spec's.
        """
        ...

    def strata(self, targets: Targets) -> NDArray[np.int64]:
        """Return the stratum of each image, (n,).

        Splits and samples keep the strata's shares.
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
        """Return the predictions that users see, (n, k), such as probabilities."""
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

    def correct(self, outputs: Outputs, targets: Targets) -> NDArray[np.bool_]:
        """Return whether each image is predicted correctly, (n,)."""
        ...

    def log_likelihood(self, outputs: Outputs, targets: Targets) -> NDArray[np.float64]:
        """Return the log-likelihood of each target under its prediction, (n,), in nats."""
        ...

    def calibrate(
        self, outputs: Outputs, targets: Targets, *, seed: int, independent: bool = True
    ) -> Temperature:
        """Fit the temperature that calibrates the predictions, if it helps.

        Args:
            outputs: Outputs for images that the networks were not trained on, (n, k).
            targets: Encoded targets of these images.
            seed: Divides the images into halves.
            independent: Whether the networks were trained on no near copy of these images.
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
