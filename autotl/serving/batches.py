"""Answer concurrent requests together, in one thread."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Condition, Thread

import numpy as np
from numpy.typing import NDArray

from autotl.results import ViewedImages
from autotl.serving.limits import ServingLimits

Predictions = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    """The images of a request, and its answer to come."""

    images: ViewedImages
    answer: Future[Predictions] = field(default_factory=Future)

    def __len__(self) -> int:
        return len(self.images[0])


class BatchWorker:
    """A thread that predicts the images of several requests at once.

    The network is never called by two threads, so its memory does not grow with the number of requests.
    """

    def __init__(self, predict: Callable[[ViewedImages], Predictions], limits: ServingLimits) -> None:
        """Start the thread.

        Args:
            predict: Returns predictions (n, k) of images in each view.
            limits: The size of a batch, and how many images may wait.
        """
        self._predict, self._limits = predict, limits
        self._jobs: deque[_Job] = deque()
        self._waiting, self._closed = 0, False
        self._changed = Condition()
        self._thread = Thread(target=self._work, name="autotl-serving", daemon=True)
        self._thread.start()

    def submit(self, images: ViewedImages) -> Future[Predictions] | None:
        """Return the predictions to come (n, k) of a request's images.

        None means that too many images wait, or that the worker is closed.
        """
        job = _Job(images)
        with self._changed:
            if self._closed or (self._waiting and self._waiting + len(job) > self._limits.waiting):
                return None
            self._jobs.append(job)
            self._waiting += len(job)
            self._changed.notify()
        return job.answer

    def close(self) -> None:
        """Answer the waiting requests, and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while batch := self._next_batch():
            self._answer([job for job in batch if job.answer.set_running_or_notify_cancel()])

    def _next_batch(self) -> list[_Job]:
        """Wait for requests, and take as many as fit a batch; none if the worker is closed."""
        most, batch, size = self._limits.batch, list[_Job](), 0
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._closed)
            self._changed.wait_for(
                lambda: self._waiting >= most or self._closed, timeout=self._limits.gather_seconds
            )
            while self._jobs and (not batch or size + len(self._jobs[0]) <= most):
                batch.append(self._jobs.popleft())
                size += len(batch[-1])
            self._waiting -= size
        return batch

    def _answer(self, jobs: list[_Job]) -> None:
        """Predict the images of these requests."""
        if not jobs:
            return
        try:
            images = [np.concatenate(view) for view in zip(*(job.images for job in jobs), strict=True)]
            found = self._predict(images)
        except Exception as error:  # a network may fail in any way, and later requests must be answered
            for job in jobs:
                job.answer.set_exception(error)
            return
        for job, part in zip(jobs, np.split(found, np.cumsum([len(job) for job in jobs])[:-1]), strict=True):
            job.answer.set_result(part)
