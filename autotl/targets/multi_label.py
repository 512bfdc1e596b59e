"""Targets with several labels: sigmoid, binary cross-entropy, one-versus-rest regression."""

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
from autotl.metrics import log_sigmoid, sigmoid
from autotl.targets.temperature_scaling import calibrate_labels

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import functional
else:  # splits and tables need no torch
    functional = lazy_module("torch.nn.functional")

LabelSets = NDArray[np.float32]
Outputs = NDArray[np.float32]
Floats = NDArray[np.float64]

NO_LABEL = "(no label)"
"""The name of the stratum of images without any label."""
CERTAIN_LOGIT = 20.0
"""The logit of a prediction with a probability of almost 1."""
MIN_IMAGES = 1e-6
"""The images that an absent label, or one that all images have, counts as."""
MIN_PROBABILITY = 1e-9
"""The smallest probability, and distance from 1, that outputs are made of."""
EXAMPLE_SHARE = 0.3
"""Share of the images of an example that have a label."""


@dataclass(frozen=True, slots=True)
class MultiLabel:
    """A :class:`~autotl.api.Target` with any number of labels for each image, or none.

    Targets are float32 (n, labels) of 0 and 1. Outputs are the labels' logits, float32 (n, labels).
    """

    spec: TargetSpec
    default_metric: str = "mean_average_precision"

    def encode(self, raw: Sequence[RawTarget]) -> LabelSets:
        """Return 0 and 1 by label. Raises DataError for unknown labels."""
        index = {name: number for number, name in enumerate(self.spec.names)}
        encoded = np.zeros((len(raw), self.spec.outputs), dtype=np.float32)
        for row, labels in enumerate(raw):
            for name in (labels,) if isinstance(labels, str) else labels:
                if (number := index.get(str(name))) is None:
                    raise DataError(
                        f"A label must be one of the labels (got {name!r}). Add it to the labels."
                    )
                encoded[row, number] = 1.0
        return encoded

    @property
    def strata_names(self) -> tuple[str, ...]:
        """The names of the labels, and last that of images without one."""
        none = NO_LABEL
        while none in self.spec.names:
            none = f"{none}'"
        return (*self.spec.names, none)

    def strata(self, targets: LabelSets) -> NDArray[np.int64]:
        """Return the rarest label of each image, (n,).

        Images without one are in the last stratum. A split by the rarest label is the first step of iterative
        stratification (Sechidis et al., On the Stratification of Multi-Label Data, ECML PKDD 2011).
        """
        present = targets > 0.5
        rank = np.argsort(np.argsort(present.sum(0), kind="stable"), kind="stable")
        place = np.where(present, rank, self.spec.outputs).min(1, initial=self.spec.outputs)
        by_rank = np.append(np.argsort(rank), self.spec.outputs)
        found: NDArray[np.int64] = by_rank[place].astype(np.int64)
        return found

    def memberships(self, targets: LabelSets) -> list[list[int]]:
        """Return the labels of each image, or the last stratum."""
        found: list[list[int]] = [[] for _ in range(len(targets))]
        for row, label in np.argwhere(targets > 0.5).tolist():
            found[row].append(label)
        return [labels or [self.spec.outputs] for labels in found]

    def loss(
        self, outputs: Tensor, targets: Tensor, *, weights: Tensor | None = None, smoothing: float = 0.0
    ) -> Tensor:
        """Return the mean weighted binary cross-entropy, summed over the labels.

        Args:
            outputs: Logits, (rows, labels).
            targets: 0 and 1, float32 (rows, labels).
            weights: Weights of the rows' losses, (rows,); None if all are 1.
            smoothing: Label smoothing, in [0, 1), as in timm: the share that is spread over all labels.
        """
        if smoothing:
            targets = targets * (1 - smoothing) + smoothing / self.spec.outputs
        losses = functional.binary_cross_entropy_with_logits(outputs, targets, reduction="none").sum(1)
        return (losses if weights is None else weights * losses).mean()

    def predict(self, outputs: Outputs) -> Floats:
        """Return the probability of each label, (n, labels)."""
        return sigmoid(outputs.astype(np.float64))

    def outputs_of(self, predictions: Floats) -> Outputs:
        """Return the log-odds of probabilities."""
        p = np.clip(predictions, MIN_PROBABILITY, 1 - MIN_PROBABILITY)
        found: Outputs = (np.log(p) - np.log1p(-p)).astype(np.float32)
        return found

    def combine(self, outputs: Sequence[Outputs], shares: Sequence[float]) -> Outputs:
        """Return the log-odds of the networks' mean probabilities, (n, labels).

        Args:
            outputs: Logits (n, labels) of each network.
            shares: The weight of each network; their sum is 1.
        """
        from scipy.special import logsumexp  # slow to import, and only ensembles need it

        logits = np.stack([each.astype(np.float64) for each in outputs])
        weights = np.reshape(shares, (-1, 1, 1))
        yes = logsumexp(log_sigmoid(logits), axis=0, b=weights)
        no = logsumexp(log_sigmoid(-logits), axis=0, b=weights)
        found: Outputs = (yes - no).astype(np.float32)
        return found

    def constant(self, targets: LabelSets) -> Outputs:
        """Return the log-odds of each label's frequency for each image."""
        positive = targets.sum(0, dtype=np.float64)
        negative = len(targets) - positive
        logits = np.log(np.maximum(positive, MIN_IMAGES)) - np.log(np.maximum(negative, MIN_IMAGES))
        return np.tile(logits.astype(np.float32), (len(targets), 1))

    def perfect(self, targets: LabelSets) -> Outputs:
        """Return logits that are certain of each label."""
        found: Outputs = np.where(targets > 0.5, CERTAIN_LOGIT, -CERTAIN_LOGIT).astype(np.float32)
        return found

    def example(self, rows: int, *, seed: int) -> tuple[LabelSets, Outputs]:
        """Return label sets in which each label occurs, and random logits."""
        labels = self.spec.outputs
        logits = np.random.default_rng(seed).normal(size=(rows, labels)).astype(np.float32)
        targets = (np.random.default_rng(0).random((rows, labels)) < EXAMPLE_SHARE).astype(np.float32)
        each = np.arange(min(rows, labels))
        targets[each, each] = 1.0
        return targets, logits

    def correct(self, outputs: Outputs, targets: LabelSets) -> NDArray[np.bool_]:
        """Return whether all labels of each image are right, (n,).

        A label is predicted if its probability is above one half.
        """
        found: NDArray[np.bool_] = ((outputs > 0) == (targets > 0.5)).all(1)
        return found

    def log_likelihood(self, outputs: Outputs, targets: LabelSets) -> Floats:
        """Return the log-probability of each image's labels, (n,), taken as independent."""
        signed = outputs.astype(np.float64) * np.where(targets > 0.5, 1.0, -1.0)
        found: Floats = log_sigmoid(signed).sum(1)
        return found

    def calibrate(
        self, outputs: Outputs, targets: LabelSets, *, seed: int, independent: bool = True
    ) -> Temperature:
        """Fit a temperature that all labels share.

        A temperature for each label would be fitted to the few images of rare labels.

        Args:
            outputs: Out-of-fold logits, (n, labels).
            targets: 0 and 1, (n, labels).
            seed: Divides the images into halves.
            independent: Whether the networks were trained on no near copy of these images.
        """
        return calibrate_labels(targets, outputs, seed=seed, independent=independent)

    def fit_linear(
        self,
        problem: LinearProblem,
        settings: Sequence[HeadSetting],
        *,
        check_cancelled: Callable[[], None],
        end: Deadline,
    ) -> LinearHeads:
        """Fit a logistic regression for each label; see :func:`autotl.training.fit_heads`.

        Args:
            problem: The features and label sets.
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
