"""Linear heads that are fitted to frozen features: settings, data and results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


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
    its ``class_weight="balanced"``. That of several labels is a logistic regression for each label. That of
    numbers is a ridge regression; ``balanced`` changes nothing there. Its penalty is inversely proportional
    to ``c``. At the linear probe's default it is chosen by leave-one-out errors.
    ``standardise`` scales each feature to variance 1 on the rows that are fitted.
    """

    c: float
    standardise: bool = True
    balanced: bool = False


@dataclass(frozen=True, slots=True)
class LinearProblem:
    """The data of a linear head.

    Attributes:
        features: Frozen features, float32 (n, d).
        targets: Encoded targets, (n,) or (n, k).
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
