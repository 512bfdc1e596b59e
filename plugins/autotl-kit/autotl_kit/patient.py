"""Run the jobs here, and give one that ran out of memory a second chance."""

import gc
import time
from collections.abc import Callable, Iterable, Iterator

import torch

from autotl import hookimpl
from autotl.api import Go, Job, Outcome, Work


class Patient:
    """Serial, for a GPU shared with others, or one whose memory is in pieces after many trials.

    A job that failed for lack of memory runs once more, from its seed, after everything that can be freed has
    been and ``pause`` seconds have passed. What comes of that counts.
    """

    name = "patient"
    summary = "one after the other; a trial that ran out of memory is tried once more"

    def __init__(self, *, pause: float = 5.0, sleep: Callable[[float], None] = time.sleep) -> None:
        self.pause, self.sleep = pause, sleep

    def run(
        self, jobs: Iterable[Job | None], work: Work, go: Go, *, workers: int = 1, device: str = "cpu"
    ) -> Iterator[Outcome]:
        for job in jobs:
            if job is None:
                continue
            outcome = work(job, go)
            if _out_of_memory(outcome):
                _free()
                self.sleep(self.pause)
                outcome = work(job, go)
            yield outcome


def _out_of_memory(outcome: Outcome) -> bool:
    return outcome.state == "failed" and "out of memory" in outcome.why.lower()


def _free() -> None:
    gc.collect()  # what a failed trial's error still held on to
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


@hookimpl
def autotl_executors() -> list[Patient]:
    return [Patient()]
