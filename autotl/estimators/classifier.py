"""Classify images, as an estimator of scikit-learn."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin

from autotl.estimators.labels import read_classes
from autotl.estimators.transfer import TransferEstimator
from autotl.results.by_target.prediction_rows import THRESHOLD


class TransferClassifier(ClassifierMixin, TransferEstimator):
    """A classifier that finds the best way to transfer in each fit.

    Images have one class each, or several labels as columns of 0 and 1.

    Attributes:
        classes_: The classes in ascending order, as ``y`` has them; of several labels their column numbers.
        result_: The result of the run: report, predictions, exports.
        best_score_: The validation score of the delivered trial, in the metric of the run.

    >>> model = autotl.TransferClassifier(budget="2m").fit(paths, labels)
    >>> model.predict(new_paths), model.predict_proba(new_paths)
    """

    classes_: NDArray[Any]

    def fit(self, X: Any, y: Any, **unsupported: Any) -> Self:
        """Search with all images of ``X``, and keep the best model.

        Args:
            X: Image paths, PIL images, or pixels (n, h, w), (n, h, w, channels) or (n, channels, h, w).
            y: The class of each image, (n,); or 0 and 1 for each of several labels, (n, labels).
            **unsupported: Nothing, and no ``sample_weight``.

        Raises:
            ArgumentError: A parameter is wrong, or there are other arguments.
            AutotlError: The run cannot be carried out; see :func:`autotl.fit`.
            ValueError: ``y`` holds no classes.
        """
        labels = read_classes(y)
        self._run(X, labels.targets, labels.kind, unsupported)
        self.classes_, self._names = labels.classes, labels.names
        self._several = labels.kind == "multi"
        return self

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return calibrated probabilities, (n, classes), in the order of ``classes_``.

        Several labels have the probability of each label.

        Args:
            X: Images, as for :meth:`fit`.

        Raises:
            DataError: An image cannot be read.
            NotFittedError: There is no model yet.
        """
        found = self._predictions(X)
        known = self.result_.predictor.target.spec.names
        return found[:, [known.index(name) for name in self._names]]

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the class of each image, (n,).

        Several labels are 0 and 1, (n, labels).

        Args:
            X: Images, as for :meth:`fit`.

        Raises:
            DataError: An image cannot be read.
            NotFittedError: There is no model yet.
        """
        found = self.predict_proba(X)
        if self._several:
            return (found > THRESHOLD).astype(np.int64)
        return np.asarray(self.classes_[found.argmax(1)])

    def __sklearn_tags__(self) -> Any:
        """Return the tags: several labels are possible."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
