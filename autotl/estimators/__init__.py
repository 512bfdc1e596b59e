"""Offer a run as a scikit-learn estimator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.estimators.classifier import TransferClassifier
    from autotl.estimators.regressor import TransferRegressor

__all__ = ["TransferClassifier", "TransferRegressor"]

lazy_package(__name__)
