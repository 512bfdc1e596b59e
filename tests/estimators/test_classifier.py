"""A classifier for scikit-learn: labels, probabilities, the test part, and runs that stay."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn.exceptions import NotFittedError

import autotl
from autotl.errors import ArgumentError, DataError, RunError
from autotl.testing import tiny_targets
from tests.support.quick_estimators import QUICK

Data = tuple[NDArray[np.uint8], NDArray[np.int64]]


def test_predictions_are_the_labels_that_were_given(fitted: autotl.TransferClassifier, data: Data) -> None:
    images, codes = data
    assert fitted.classes_.tolist() == [5, 10, 30]
    predicted = fitted.predict(images)
    assert predicted.dtype == codes.dtype
    assert fitted.score(images, codes) == (predicted == codes).mean() > 0.6
    assert fitted.best_score_ == fitted.result_.leaderboard()["best_val"][0]


def test_probabilities_are_in_the_order_of_the_classes(fitted: autotl.TransferClassifier, data: Data) -> None:
    images, _ = data
    found = fitted.predict_proba(images)
    assert found.shape == (len(images), 3)
    np.testing.assert_allclose(found.sum(1), 1, atol=1e-6)
    np.testing.assert_array_equal(fitted.classes_[found.argmax(1)], fitted.predict(images))
    table = fitted.result_.predict(list(images), probabilities=True)
    np.testing.assert_array_equal(found, table[["p:5", "p:10", "p:30"]].to_numpy())


def test_images_of_any_form_and_order_get_the_same_answers(
    fitted: autotl.TransferClassifier, data: Data, paths: list[str]
) -> None:
    images, order = data[0], np.array([20, 3, 11])
    expected = fitted.predict_proba(images)[order]
    chosen = [paths[row] for row in order]
    forms = [
        images[order],
        images[order].transpose(0, 3, 1, 2),
        chosen,
        np.array(chosen),
        pd.Series(chosen, index=[7, 8, 9]),
        [Path(path) for path in chosen],
        [Image.fromarray(images[row]) for row in order],
        [images[row] for row in order],
    ]
    for form in forms:
        np.testing.assert_allclose(fitted.predict_proba(form), expected, atol=1e-5)


def test_a_fit_holds_out_one_image_of_each_class_unless_asked(
    fitted: autotl.TransferClassifier, kept: autotl.TransferClassifier, data: Data
) -> None:
    assert fitted.result_.report["split"]["test"] == 3
    assert fitted.result_.report["split"]["train"] == len(data[1]) - 3
    assert kept.result_.report["split"]["test"] == 9


def test_nothing_is_predicted_before_a_fit(data: Data) -> None:
    with pytest.raises(NotFittedError, match="not fitted"):
        autotl.TransferClassifier().predict(data[0])


def test_a_kept_run_is_opened_again_from_a_pickle(kept: autotl.TransferClassifier, paths: list[str]) -> None:
    assert kept.result_.folder.name == "fit-1"
    copy = pickle.loads(pickle.dumps(kept))
    assert copy.get_params() == kept.get_params()
    np.testing.assert_array_equal(copy.predict_proba(paths[:4]), kept.predict_proba(paths[:4]))


def test_a_pickle_holds_only_the_path_of_the_run(kept: autotl.TransferClassifier, tmp_path: Path) -> None:
    state = {**kept.__getstate__(), "result_": str(tmp_path / "gone")}
    copy = autotl.TransferClassifier()
    with pytest.raises(RunError, match="gone"):
        copy.__setstate__(state)


def test_a_temporary_run_cannot_be_pickled(fitted: autotl.TransferClassifier) -> None:
    with pytest.raises(ArgumentError, match=r"Give out=, or keep the run with result_\.save"):
        pickle.dumps(fitted)
    unfitted = autotl.TransferClassifier(**QUICK)
    assert pickle.loads(pickle.dumps(unfitted)).get_params() == unfitted.get_params()


def test_an_image_that_cannot_be_read_is_an_error(
    fitted: autotl.TransferClassifier, paths: list[str], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    with pytest.raises(DataError, match=r"broken\.png cannot be read"):
        fitted.predict([paths[0], broken])
    with pytest.raises(DataError, match="must be one image"):
        fitted.predict([Path(paths[0]).parent])


def test_several_labels_are_columns_of_zeros_and_ones() -> None:
    images, labels = tiny_targets("multi_label", each=12)
    names = sorted({name for own in labels for name in own})
    y = np.array([[name in own for name in names] for own in labels], dtype=int)
    y = np.hstack([y, np.zeros((len(y), 1), dtype=int)])  # a label that no image has
    model = autotl.TransferClassifier(**QUICK).fit(images, y)
    found, predicted = model.predict_proba(images), model.predict(images)
    assert model.classes_.tolist() == list(range(y.shape[1]))
    assert predicted.shape == y.shape
    np.testing.assert_array_equal(predicted, found > 0.5)
    assert (predicted[:, :-1] == y[:, :-1]).mean() > 0.6
