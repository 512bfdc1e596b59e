"""Run the jobs in worker processes of any number of machines, through a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from autotl import hookimpl
from autotl.api import Go, Job, Outcome, Place, Work
from autotl.errors import RunError

if TYPE_CHECKING:
    from autotl.queue import QueueExecutor


class Queue:
    """Jobs wait in the run's database for ``autotl worker`` processes; see :mod:`autotl.queue`."""

    name = "queue"
    summary = "trials run in 'autotl worker' processes, on all machines that share the run folder"

    def placed(self, place: Place) -> QueueExecutor:
        from autotl.queue import QueueExecutor  # with SQLAlchemy, which a list of plugins does not need

        return QueueExecutor(place)

    def run(
        self, jobs: Iterable[Job | None], work: Work, go: Go, *, workers: int = 1, device: str = "cpu"
    ) -> Iterator[Outcome]:
        """Raises RunError: without a run's place there is no queue."""
        raise RunError("The executor queue needs a run folder that workers can find: give fit an out folder.")


@hookimpl
def autotl_executors() -> list[Queue]:
    return [Queue()]
