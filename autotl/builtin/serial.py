"""Run the jobs here, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from autotl import hookimpl
from autotl.api import Go, Job, Outcome, Work


class Serial:
    """In this process: nothing to set up, nothing to lose."""

    name = "serial"
    summary = "trials run in this process, one after the other"

    def run(self, jobs: Iterable[Job], work: Work, go: Go) -> Iterator[Outcome]:
        for job in jobs:
            yield work(job, go)


@hookimpl
def autotl_executors() -> list[Serial]:
    return [Serial()]
