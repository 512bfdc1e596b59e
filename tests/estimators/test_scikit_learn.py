"""The estimators in scikit-learn's tools, and its own checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import Pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import autotl
from tests.support.quick_estimators import QUICK

Data = tuple[NDArray[np.uint8], NDArray[np.int64]]
MATRIX = "fits on a matrix of features; these estimators refuse anything but images, in their own words"
BOTH = (
    "check_dict_unchanged",
    "check_dont_overwrite_parameters",
    "check_estimators_dtypes",
    "check_estimators_fit_returns_self",
    "check_estimators_overwrite_params",
    "check_estimators_pickle",
    "check_f_contiguous_array_estimator",
    "check_fit2d_1feature",
    "check_fit2d_1sample",
    "check_fit_check_is_fitted",
    "check_fit_idempotent",
    "check_fit_score_takes_y",
    "check_methods_sample_order_invariance",
    "check_methods_subset_invariance",
    "check_pipeline_consistency",
    "check_positive_only_tag_during_fit",
    "check_readonly_memmap_input",
)
CLASSIFIER = (
    "check_classifier_data_not_an_array",
    "check_classifiers_classes",
    "check_classifiers_multilabel_output_format_decision_function",
    "check_classifiers_multilabel_output_format_predict",
    "check_classifiers_multilabel_output_format_predict_proba",
    "check_classifiers_multilabel_representation_invariance",
    "check_classifiers_one_label",
    "check_classifiers_train",
)
REGRESSOR = (
    "check_regressor_data_not_an_array",
    "check_regressor_multioutput",
    "check_regressors_int",
    "check_regressors_no_decision_function",
    "check_regressors_train",
)
"""Checks that fit on a matrix, or want an error about its rows, columns or classes."""


class _OfMatrices:
    """Claims to take matrices: scikit-learn runs its checks on nothing else."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]  # the estimators below have it
        tags.input_tags.one_d_array, tags.input_tags.two_d_array = False, True
        return tags


class Classifier(_OfMatrices, autotl.TransferClassifier):
    """Is checked in place of its base class."""


class Regressor(_OfMatrices, autotl.TransferRegressor):
    """Is checked in place of its base class."""


def cannot(estimator: BaseEstimator) -> dict[str, str]:
    own = CLASSIFIER if isinstance(estimator, Classifier) else REGRESSOR
    return dict.fromkeys((*BOTH, *own), MATRIX)


@parametrize_with_checks([Classifier(), Regressor()], expected_failed_checks=cannot)
def test_scikit_learns_checks(estimator: BaseEstimator, check: Callable[[BaseEstimator], None]) -> None:
    check(estimator)


def test_the_tags_tell_that_images_are_no_matrix() -> None:
    tags = autotl.TransferClassifier().__sklearn_tags__()
    assert (tags.estimator_type, tags.classifier_tags.multi_label) == ("classifier", True)
    assert (tags.input_tags.two_d_array, tags.input_tags.three_d_array) == (False, True)
    assert autotl.TransferRegressor().__sklearn_tags__().target_tags.multi_output


def test_cross_validation_predicts_every_image_once(data: Data) -> None:
    images, codes = data
    model = autotl.TransferClassifier(**QUICK)
    found = cross_val_predict(model, images, codes, cv=2, method="predict_proba")
    assert found.shape == (len(images), 3)
    assert (np.unique(codes)[found.argmax(1)] == codes).mean() > 0.5


@pytest.mark.slow
def test_a_grid_of_budgets_is_searched_in_a_pipeline(data: Data, paths: list[str]) -> None:
    rows, names = np.arange(len(paths)), [f"code {code}" for code in data[1]]
    model = Pipeline([("model", autotl.TransferClassifier(**QUICK))])
    grid = GridSearchCV(model, {"model__budget": ["30s", "40s"]}, cv=[(rows[::2], rows[1::2])], refit=False)
    grid.fit(paths, names)
    assert (grid.cv_results_["mean_test_score"] > 0.5).all()
    assert grid.best_params_["model__budget"] in ("30s", "40s")
