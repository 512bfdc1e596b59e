"""The test set is opened once."""

from __future__ import annotations

import numpy as np
import pytest

from autotl.data import LockedTest, LockedTestReopened
from autotl.errors import AutotlError


def test_it_opens_once_and_names_the_first_purpose() -> None:
    test = LockedTest(np.arange(3))
    assert len(test) == 3
    assert test.opened is None
    assert test.open("the final evaluation").tolist() == [0, 1, 2]
    assert len(test) == 3
    with pytest.raises(LockedTestReopened, match=r"got curiosity, after the final evaluation") as raised:
        test.open("curiosity")
    assert isinstance(raised.value, AutotlError)
    assert isinstance(raised.value, RuntimeError)


def test_it_does_not_show_its_rows() -> None:
    assert repr(LockedTest(np.arange(3))) == "<LockedTest of 3 rows, locked>"


def test_images_may_be_compared_before_and_the_purpose_is_kept() -> None:
    test = LockedTest(np.arange(3))
    assert test.image_rows("copies in the training part").tolist() == [0, 1, 2]
    assert test.compared == ["copies in the training part"]
    assert test.opened is None
    assert test.open("the final evaluation").tolist() == [0, 1, 2]
