"""Run jobs one after the other in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from autotl import hookimpl
from autotl.api import Job, OnProgress, Outcome, Work


class Serial:
    """Runs each job in this process."""

    name = "serial"
    summary = "trials run in this process, one after the other"

    def run(
        self,
        jobs: Iterable[Job | None],
        work: Work,
        on_progress: OnProgress,
        *,
        workers: int = 1,
        device: str = "cpu",
    ) -> Iterator[Outcome]:
        """Run jobs and yield their outcomes; see :class:`autotl.api.Executor`.

        Args:
            jobs: The jobs; None means that there is none until a running job has ended.
            work: Runs a job.
            on_progress: Returns None to continue a job, or how it ends.
            workers: Not used.
            device: Not used.
        """
        for job in jobs:
            if job is not None:
                yield work(job, on_progress)


@hookimpl
def autotl_executors() -> list[Serial]:
    return [Serial()]
