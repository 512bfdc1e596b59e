"""A regressor for scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autotl
from autotl.errors import DataError
from autotl.testing import tiny_targets
from tests.support.quick_estimators import QUICK

IMAGES = np.zeros((2, 8, 8), dtype=np.uint8)


def test_several_numbers_are_predicted_together() -> None:
    images, values = tiny_targets("regression", each=12)
    brightness = np.array(values)
    y = np.column_stack([brightness, -brightness])
    model = autotl.TransferRegressor(**QUICK).fit(images, y)
    assert model.predict(images).shape == y.shape
    assert model.score(images, y) > 0.2


@pytest.mark.parametrize(("y", "shape"), [([1.0, 2.0], (2,)), ([[1.0], [2.0]], (2, 1))])
def test_one_number_keeps_its_shape(
    y: list[Any], shape: tuple[int, ...], fake_runs: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autotl.estimators.transfer.predictions", lambda result, images: np.ones((2, 1)))
    model = autotl.TransferRegressor().fit(IMAGES, y)
    assert fake_runs[0]["data"][1].tolist() == [1.0, 2.0]
    assert model.predict(IMAGES).shape == shape


@pytest.mark.parametrize("y", [[1.0, float("nan")], ["many", "few"], None, [[[1.0]], [[2.0]]]])
def test_wrong_numbers_are_refused(y: object) -> None:
    with pytest.raises(DataError, match="y must"):
        autotl.TransferRegressor(**QUICK).fit(IMAGES, y)
