"""Targets that are numbers: squared errors, ridge regression and conformal intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from autotl.api import HeadSetting, LinearHeads, LinearProblem, PredictionIntervals, RawTarget, TargetSpec
from autotl.clock import Deadline
from autotl.errors import DataError
from autotl.metrics import number_scales
from autotl.targets.conformal import prediction_intervals

if TYPE_CHECKING:
    from torch import Tensor

Numbers = NDArray[np.float32]
Outputs = NDArray[np.float32]
Floats = NDArray[np.float64]

STRATA = 5
"""Strata of equally many images, by the size of the first number."""


@dataclass(frozen=True, slots=True)
class Regression:
    """A :class:`~autotl.api.Target` with K numbers for each image.

    Targets are float32 (n, numbers) in the user's units. Outputs, float32 (n, numbers), are standardised
    numbers if the spec has means and scales. Otherwise they are in the user's units too.
    """

    spec: TargetSpec
    default_metric: str = "mae"

    def encode(self, raw: Sequence[RawTarget]) -> Numbers:
        """Return the numbers, float32 (n, numbers). Raises DataError for anything else."""
        width = self.spec.outputs
        for each in raw:
            if isinstance(each, str) or len(each) != width or not all(map(_is_number, each)):
                raise DataError(f"A target must be {width} finite numbers (got {each!r}). Correct it.")
        return np.array(raw, dtype=np.float64).reshape(len(raw), width).astype(np.float32)

    @property
    def strata_names(self) -> tuple[str, ...]:
        """The names of the fifths of the images."""
        name = self.spec.names[0] if self.spec.names else "number"
        return tuple(f"{name}, fifth {number} of {STRATA}" for number in range(1, STRATA + 1))

    def strata(self, targets: Numbers) -> NDArray[np.int64]:
        """Return the fifth that each image is in by its first number.

        Equal numbers are in one stratum.
        """
        numbers = targets[:, 0].astype(np.float64)
        known = np.sort(numbers[np.isfinite(numbers)])
        if not len(known):
            return np.zeros(len(targets), dtype=np.int64)
        place = np.searchsorted(known, numbers, side="left")  # NaN, a hidden target, comes last
        return np.minimum(place * STRATA // len(known), STRATA - 1).astype(np.int64)

    def memberships(self, targets: Numbers) -> list[list[int]]:
        """Return the stratum of each image, as a list of one."""
        return [[stratum] for stratum in self.strata(targets).tolist()]

    def loss(
        self, outputs: Tensor, targets: Tensor, *, weights: Tensor | None = None, smoothing: float = 0.0
    ) -> Tensor:
        """Return half the mean weighted squared error.

        It is that of the standardised numbers, summed over them.

        Args:
            outputs: Standardised predictions, (rows, numbers).
            targets: Numbers in the user's units, (rows, numbers).
            weights: Weights of the rows' losses, (rows,); None if all are 1.
            smoothing: Ignored: numbers have no labels to smooth.
        """
        losses = 0.5 * (outputs - self.standardised(targets)).square().sum(1)
        return (losses if weights is None else weights * losses).mean()

    def standardised(self, targets: Tensor) -> Tensor:
        """Return numbers minus their means, divided by their scales."""
        if not self.spec.scales:
            return targets
        means, scales = targets.new_tensor(self.spec.means), targets.new_tensor(self.spec.scales)
        return (targets - means) / scales

    def predict(self, outputs: Outputs) -> Floats:
        """Return numbers in the user's units, (n, numbers)."""
        means, scales = number_scales(self.spec)
        found: Floats = outputs.astype(np.float64) * scales + means
        return found

    def outputs_of(self, predictions: Floats) -> Outputs:
        """Return the standardised numbers of predictions."""
        means, scales = number_scales(self.spec)
        found: Outputs = ((predictions - means) / scales).astype(np.float32)
        return found

    def combine(self, outputs: Sequence[Outputs], shares: Sequence[float]) -> Outputs:
        """Return the weighted mean of the networks' predictions, (n, numbers).

        Args:
            outputs: Outputs (n, numbers) of each network.
            shares: The weight of each network; their sum is 1.
        """
        stacked = np.stack([each.astype(np.float64) for each in outputs])
        found: Outputs = np.tensordot(np.asarray(shares), stacked, axes=1).astype(np.float32)
        return found

    def constant(self, targets: Numbers) -> Outputs:
        """Return the outputs of the mean number for each image."""
        mean = targets.mean(0, dtype=np.float64, keepdims=True)
        return np.tile(self.outputs_of(mean), (len(targets), 1))

    def perfect(self, targets: Numbers) -> Outputs:
        """Return the outputs of the numbers themselves."""
        return self.outputs_of(targets.astype(np.float64))

    def example(self, rows: int, *, seed: int) -> tuple[Numbers, Outputs]:
        """Return random numbers, and random outputs."""
        shape = rows, self.spec.outputs
        outputs = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
        numbers = self.predict(np.random.default_rng(0).normal(size=shape).astype(np.float32))
        return numbers.astype(np.float32), outputs

    def correct(self, outputs: Outputs, targets: Numbers) -> Floats:
        """Return the explained share of the variance of each image, (n,).

        It is 1 minus the squared error divided by the variance, averaged over the numbers.
        """
        scales = np.asarray(self.spec.scales) if self.spec.scales else targets.std(0, dtype=np.float64)
        errors = self.predict(outputs) - targets
        errors = np.divide(errors, scales, out=(errors != 0).astype(np.float64), where=scales > 0)
        found: Floats = np.maximum(0.0, 1.0 - errors**2).mean(1)
        return found

    def log_likelihood(self, outputs: Outputs, targets: Numbers) -> Floats:
        """Return the log-density of each image's numbers, (n,).

        Their errors are taken as normal, of the size that these images have.
        """
        errors = self.predict(outputs) - targets
        _, scales = number_scales(self.spec)
        size = np.maximum(np.sqrt((errors**2).mean(0)), 1e-6 * scales)
        found: Floats = (-0.5 * (errors / size) ** 2 - np.log(size * np.sqrt(2 * np.pi))).sum(1)
        return found

    def calibrate(
        self, outputs: Outputs, targets: Numbers, *, seed: int, independent: bool = True
    ) -> PredictionIntervals:
        """Return intervals that hold 90 % of new numbers; see :mod:`autotl.targets.conformal`.

        Args:
            outputs: Out-of-fold outputs, (n, numbers).
            targets: Numbers in the user's units, (n, numbers).
            seed: Not used: nothing is drawn.
            independent: Whether the networks were trained on no near copy of these images.
        """
        return prediction_intervals(self.predict(outputs) - targets, independent=independent)

    def fit_linear(
        self,
        problem: LinearProblem,
        settings: Sequence[HeadSetting],
        *,
        check_cancelled: Callable[[], None],
        end: Deadline,
    ) -> LinearHeads:
        """Fit ridge regressions in closed form; see :func:`autotl.training.fit_ridge`.

        Args:
            problem: The features and numbers.
            settings: How the heads are fitted.
            check_cancelled: Called before each decomposition; may raise to end the work.
            end: Not used: a decomposition has no steps to leave out.
        """
        from autotl.training import fit_ridge  # needs torch, which splits and tables do not

        return fit_ridge(
            problem.features,
            self.standardised(problem.targets),
            settings=settings,
            folds=problem.folds,
            weights=problem.weights,
            check_cancelled=check_cancelled,
        )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and bool(np.isfinite(value))
