"""Targets with one of K classes: softmax, cross-entropy and logistic regression."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from autotl.api import HeadSetting, LinearHeads, LinearProblem, RawTarget, TargetSpec, Temperature
from autotl.clock import Deadline
from autotl.errors import DataError
from autotl.importing.lazy import lazy_module
from autotl.metrics import correct, log_softmax, softmax
from autotl.targets.temperature_scaling import calibrate

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import functional
else:  # splits and tables need no torch
    functional = lazy_module("torch.nn.functional")

Labels = NDArray[np.int64]
Outputs = NDArray[np.float32]
Floats = NDArray[np.float64]

CERTAIN_LOGIT = 20.0
"""The logit of a prediction with a probability of almost 1."""
MIN_FREQUENCY = 1e-6
"""The images that an absent class counts as."""
MIN_PROBABILITY = 1e-30
"""The smallest probability whose logarithm is taken."""


@dataclass(frozen=True, slots=True)
class SingleLabel:
    """A :class:`~autotl.api.Target` with one class for each image.

    Targets are indices of classes, int64 (n,). Outputs are logits, float32 (n, classes).
    """

    spec: TargetSpec
    default_metric: str = "accuracy"

    @classmethod
    def numbered(cls, classes: int) -> SingleLabel:
        """Return the target whose classes are named by their numbers."""
        return cls(TargetSpec("single_label", tuple(map(str, range(classes)))))

    def encode(self, raw: Sequence[RawTarget]) -> Labels:
        """Return indices of classes, int64 (n,). Raises DataError for unknown ones."""
        index = {name: number for number, name in enumerate(self.spec.names)}
        names = [str(name) for name in raw]
        if unknown := sorted({*names} - index.keys()):
            raise DataError(
                f"A label must be one of the classes (got {unknown[0]!r}). Add it to the classes."
            )
        return np.array([index[name] for name in names], dtype=np.int64)

    @property
    def strata_names(self) -> tuple[str, ...]:
        """The names of the classes."""
        return self.spec.names

    def strata(self, targets: Labels) -> Labels:
        """Return the classes themselves."""
        return targets

    def memberships(self, targets: Labels) -> list[list[int]]:
        """Return the class of each image, as a list of one."""
        return [[label] for label in targets.tolist()]

    def loss(
        self, outputs: Tensor, targets: Tensor, *, weights: Tensor | None = None, smoothing: float = 0.0
    ) -> Tensor:
        """Return the mean weighted cross-entropy.

        Args:
            outputs: Logits, (rows, classes).
            targets: Classes, int64 (rows,).
            weights: Weights of the rows' losses, (rows,); None if all are 1.
            smoothing: Label smoothing, in [0, 1).
        """
        if weights is None:
            return functional.cross_entropy(outputs, targets, label_smoothing=smoothing)
        losses = functional.cross_entropy(outputs, targets, label_smoothing=smoothing, reduction="none")
        return (weights * losses).mean()

    def predict(self, outputs: Outputs) -> Floats:
        """Return the probabilities of the classes, (n, classes)."""
        found: Floats = softmax(outputs.astype(np.float64), axis=1)
        return found

    def outputs_of(self, predictions: Floats) -> Outputs:
        """Return the logarithms of probabilities."""
        found: Outputs = np.log(np.maximum(predictions, MIN_PROBABILITY)).astype(np.float32)
        return found

    def combine(self, outputs: Sequence[Outputs], shares: Sequence[float]) -> Outputs:
        """Return the logarithm of the networks' mean probabilities, (n, classes).

        Args:
            outputs: Logits (n, classes) of each network.
            shares: The weight of each network; their sum is 1.
        """
        from scipy.special import logsumexp  # slow to import, and only ensembles need it

        log_probabilities = np.stack([log_softmax(each.astype(np.float64), axis=1) for each in outputs])
        weighted = logsumexp(log_probabilities, axis=0, b=np.reshape(shares, (-1, 1, 1)))
        found: Outputs = weighted.astype(np.float32)
        return found

    def constant(self, targets: Labels) -> Outputs:
        """Return the logits of the class frequencies for each image."""
        counts = np.bincount(targets, minlength=self.spec.outputs)
        logits = np.log(np.maximum(counts, MIN_FREQUENCY) / max(len(targets), 1))
        return np.tile(logits.astype(np.float32), (len(targets), 1))

    def perfect(self, targets: Labels) -> Outputs:
        """Return logits that are certain of each label."""
        found: Outputs = CERTAIN_LOGIT * np.eye(self.spec.outputs, dtype=np.float32)[targets]
        return found

    def example(self, rows: int, *, seed: int) -> tuple[Labels, Outputs]:
        """Return the classes in turn, and random logits."""
        classes = self.spec.outputs
        logits = np.random.default_rng(seed).normal(size=(rows, classes)).astype(np.float32)
        return np.arange(rows, dtype=np.int64) % classes, logits

    def correct(self, outputs: Outputs, targets: Labels) -> NDArray[np.bool_]:
        """Return whether the most probable class is the label, (n,)."""
        return correct(targets, outputs)

    def log_likelihood(self, outputs: Outputs, targets: Labels) -> Floats:
        """Return the log-probability of each label, (n,)."""
        found: Floats = log_softmax(outputs.astype(np.float64), axis=1)[np.arange(len(targets)), targets]
        return found

    def calibrate(
        self, outputs: Outputs, targets: Labels, *, seed: int, independent: bool = True
    ) -> Temperature:
        """Fit a temperature; see :func:`autotl.targets.temperature_scaling.calibrate`.

        Args:
            outputs: Out-of-fold logits, (n, classes).
            targets: Classes, (n,).
            seed: Divides the images into halves.
            independent: Whether the networks were trained on no near copy of these images.
        """
        return calibrate(targets, outputs, seed=seed, independent=independent)

    def fit_linear(
        self,
        problem: LinearProblem,
        settings: Sequence[HeadSetting],
        *,
        check_cancelled: Callable[[], None],
        end: Deadline,
    ) -> LinearHeads:
        """Fit multinomial logistic regression; see :func:`autotl.training.fit_heads`.

        Args:
            problem: The features and classes.
            settings: How the classifiers are fitted.
            check_cancelled: Called before each optimiser step; may raise to end the work.
            end: When fitting stops, converged or not.
        """
        from autotl.training import fit_heads  # needs torch, which splits and tables do not

        return fit_heads(
            problem.features,
            problem.targets,
            classes=self.spec.outputs,
            settings=settings,
            folds=problem.folds,
            weights=problem.weights,
            check_cancelled=check_cancelled,
            end=end,
        )
