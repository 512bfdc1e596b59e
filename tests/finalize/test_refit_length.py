"""The refit trains for as many epochs as the time left allows."""

from __future__ import annotations

import pytest

from autotl.finalize.refit_length import MARGIN, lengthened, usual_epochs
from tests.support import fakes


@pytest.mark.parametrize(
    ("usual", "available", "epochs"),
    [
        (30, 20.0 * MARGIN, 12),  # twice the epochs at most
        (30, 15.0 * MARGIN, 9),
        (8, 20.0 * MARGIN, 8),  # no more than without a time limit
        (30, 10.0, 6),  # too close for a longer one
        (0, 100.0, 6),
    ],
)
def test_the_epochs_follow_from_the_time(usual: int, available: float, epochs: int) -> None:
    params = {"epochs": 6, "lr": 0.1}
    found = lengthened(params, usual=usual, needed=10.0, available=available)
    assert found == {"epochs": epochs, "lr": 0.1}


@pytest.mark.parametrize("params", [{"C": 1.0}, {"epochs": "6"}])
def test_settings_without_epochs_stay(params: dict[str, object]) -> None:
    assert lengthened(params, usual=30, needed=1.0, available=100.0) == params


def test_a_strategy_without_epochs_or_with_an_error_has_none() -> None:
    class Broken(fakes.Fake):
        def defaults(self, task: object, backbone: object) -> dict[str, object]:
            raise ValueError("no")

    assert usual_epochs(fakes.Fake("a"), fakes.TASK, fakes.backbone()) == 0
    assert usual_epochs(Broken("b"), fakes.TASK, fakes.backbone()) == 0
