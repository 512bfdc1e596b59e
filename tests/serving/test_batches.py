"""One thread answers several requests at once, and outlives a failure."""

from __future__ import annotations

from threading import Event

import numpy as np
import pytest
from numpy.typing import NDArray

from autotl.results import ViewedImages
from autotl.serving.batches import BatchWorker
from autotl.serving.limits import ServingLimits


def images(*values: int) -> ViewedImages:
    return [np.full((len(values), 3, 2, 2), 0, np.uint8) + np.array(values, np.uint8)[:, None, None, None]]


class Means:
    """Predicts the mean of each image, when it may; images of 255 fail."""

    def __init__(self) -> None:
        self.may_go, self.sizes = Event(), list[int]()

    def __call__(self, viewed: ViewedImages) -> NDArray[np.float64]:
        self.may_go.wait(10)
        self.sizes.append(len(viewed[0]))
        means = viewed[0].reshape(len(viewed[0]), -1).mean(1, keepdims=True)
        if (means == 255).any():
            raise ValueError("too bright")
        return np.asarray(means, dtype=np.float64)


def test_requests_that_wait_are_answered_together_each_with_its_own_rows() -> None:
    means = Means()
    worker = BatchWorker(means, ServingLimits(batch=4, gather_seconds=0.0))
    first = worker.submit(images(1))
    later = [worker.submit(images(*values)) for values in ((2,), (3, 4), (5,), (6, 7, 8, 9, 10))]
    means.may_go.set()
    found = [each.result(10)[:, 0].tolist() for each in (first, *later) if each is not None]
    assert found == [[1], [2], [3, 4], [5], [6, 7, 8, 9, 10]]
    assert max(means.sizes[:-1]) <= 4
    assert means.sizes[-1] == 5  # a request is not divided
    assert len(means.sizes) < len(found)
    worker.close()


def test_a_failure_ends_its_requests_and_no_others() -> None:
    means = Means()
    means.may_go.set()
    worker = BatchWorker(means, ServingLimits())
    bad = worker.submit(images(255))
    assert bad is not None
    with pytest.raises(ValueError, match="too bright"):
        bad.result(10)
    good = worker.submit(images(7))
    assert good is not None
    assert good.result(10).tolist() == [[7.0]]
    worker.close()


def test_what_does_not_fit_is_refused_and_closing_answers_the_rest() -> None:
    means = Means()
    worker = BatchWorker(means, ServingLimits(waiting=3, batch=1, gather_seconds=0.0))
    running = worker.submit(images(1))
    while worker.submit(images(2, 2, 2)) is None:  # until the thread has taken the first one
        pass
    assert worker.submit(images(3)) is None
    means.may_go.set()
    worker.close()
    assert running is not None
    assert running.done()
    assert worker.submit(images(4)) is None
