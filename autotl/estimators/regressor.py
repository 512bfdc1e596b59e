"""Predict numbers of images, as an estimator of scikit-learn."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin

from autotl.estimators.labels import read_numbers
from autotl.estimators.transfer import TransferEstimator


class TransferRegressor(RegressorMixin, TransferEstimator):
    """A regressor that finds the best way to transfer in each fit.

    Images have one number each, or several.

    Attributes:
        result_: The result of the run: report, predictions, exports.
        best_score_: The validation score of the delivered trial, in the metric of the run.

    >>> model = autotl.TransferRegressor(budget="2m").fit(paths, ages)
    >>> model.predict(new_paths)
    """

    def fit(self, X: Any, y: Any, **unsupported: Any) -> Self:
        """Search with all images of ``X``, and keep the best model.

        Args:
            X: Image paths, PIL images, or pixels (n, h, w), (n, h, w, channels) or (n, channels, h, w).
            y: The number of each image, (n,), or several numbers, (n, numbers).
            **unsupported: Nothing, and no ``sample_weight``.

        Raises:
            ArgumentError: A parameter is wrong, or there are other arguments.
            AutotlError: The run cannot be carried out; see :func:`autotl.fit`.
        """
        numbers = read_numbers(y)
        one = numbers.ndim == 1 or numbers.shape[1] == 1
        self._run(X, numbers.ravel() if one else numbers, "number", unsupported)
        self._shape = numbers.shape[1:]
        return self

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return the number of each image, (n,), or its numbers, (n, numbers).

        Args:
            X: Images, as for :meth:`fit`.

        Raises:
            DataError: An image cannot be read.
            NotFittedError: There is no model yet.
        """
        found = self._predictions(X)
        return found.reshape(len(found), *self._shape)

    def __sklearn_tags__(self) -> Any:
        """Return the tags: several numbers are possible."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
