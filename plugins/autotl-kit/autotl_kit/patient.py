"""Run trials one after the other, and repeat a trial that ran out of memory."""

import gc
import time
from collections.abc import Callable, Iterable, Iterator

import torch

from autotl import hookimpl
from autotl.api import Job, OnProgress, Outcome, Work


class Patient:
    """Serial executor for a shared GPU, or for one with fragmented memory after many trials.

    A job that ran out of memory runs once more from its seed, after the memory was freed and ``pause``
    seconds have passed. The second outcome is final.
    """

    name = "patient"
    summary = "one after the other; repeats a trial once if it ran out of memory"

    def __init__(self, *, pause: float = 5.0, sleep: Callable[[float], None] = time.sleep) -> None:
        self.pause, self.sleep = pause, sleep

    def run(
        self,
        jobs: Iterable[Job | None],
        work: Work,
        on_progress: OnProgress,
        *,
        workers: int = 1,
        device: str = "cpu",
    ) -> Iterator[Outcome]:
        """Run the jobs, as :class:`autotl.api.Executor` describes."""
        for job in jobs:
            if job is None:
                continue
            outcome = work(job, on_progress)
            if _out_of_memory(outcome):
                _free()
                self.sleep(self.pause)
                outcome = work(job, on_progress)
            yield outcome


def _out_of_memory(outcome: Outcome) -> bool:
    return outcome.state == "failed" and "out of memory" in outcome.why.lower()


def _free() -> None:
    gc.collect()  # the error of the failed trial refers to tensors
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


@hookimpl
def autotl_executors() -> list[Patient]:
    """Provide the executor."""
    return [Patient()]
