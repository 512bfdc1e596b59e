"""Run jobs in a worker process.

The environment is set before anything heavy is imported, because torch and NumPy read it on import.
"""

from __future__ import annotations

import ctypes
import os
import pickle
import signal
import sys
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from autotl.api import Job, JobProgress, State
from autotl.data import limit_thread_spinning

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Message = Literal["started", "ready", "unusable", "progress", "error", "outcome"]
"""The kind of a message to the parent."""

MIN_SECONDS_WITHOUT_SCORE = 0.02
"""Seconds between two messages of a job without a score: each message waits for an answer."""
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """The resources of a worker process.

    Attributes:
        threads: The number of threads.
        folder: The working directory.
        gpu: The GPU, as CUDA_VISIBLE_DEVICES names it; None to leave the variable as it is.
    """

    threads: int
    folder: str
    gpu: str | None = None


def run_worker(pipe: Connection[Any, Any], settings: WorkerSettings, parent: int) -> None:
    """Receive the work function, then run jobs until the pipe is closed.

    Args:
        pipe: The connection to the parent.
        settings: The resources to use.
        parent: The process id of the parent.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C, and ends this process
    _end_with(parent)
    os.chdir(settings.folder)
    os.environ["OMP_NUM_THREADS"] = str(settings.threads)
    limit_thread_spinning()
    if settings.gpu is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = settings.gpu
    try:
        _send(pipe, "started", None)
        pickled = pipe.recv_bytes()
        try:
            work = pickle.loads(pickled)
            if "torch" in sys.modules:
                sys.modules["torch"].set_num_threads(settings.threads)
            keep_memory = _memory_kept(on_cpu=settings.gpu is None)
        except Exception as error:  # a plugin's class may raise anything when it is unpickled
            _send(pipe, "unusable", f"{type(error).__name__}: {error}")
            return
        _send(pipe, "ready", None)
        with keep_memory:
            while True:
                _run_job(pipe, work)
    except (EOFError, OSError):  # the parent closed the pipe, or ended
        return


def _memory_kept(*, on_cpu: bool) -> AbstractContextManager[None]:
    if "torch" not in sys.modules:  # the work function does not use torch
        return nullcontext()
    from autotl.training import keep_freed_memory

    return keep_freed_memory(on_cpu)


def _run_job(pipe: Connection[Any, Any], work: Any) -> None:
    """Receive a job, run it, and send its outcome."""
    job: Job = pickle.loads(pipe.recv_bytes())
    last_message = -MIN_SECONDS_WITHOUT_SCORE

    def on_progress(job: Job, said: JobProgress) -> State | None:
        nonlocal last_message
        has_score = said.epoch.score is not None or said.done is not None
        if not has_score and time.monotonic() - last_message < MIN_SECONDS_WITHOUT_SCORE:
            return None
        # a tensor would be sent as shared memory, which ends with this process
        _send(pipe, "progress", replace(said, epoch=replace(said.epoch, outputs=None)))
        answer: State | None = pickle.loads(pipe.recv_bytes())
        last_message = time.monotonic()
        return answer

    try:
        outcome = work(job, on_progress)
    except (EOFError, BrokenPipeError):
        raise
    except Exception as error:
        _send(pipe, "error", _picklable(error))
        return
    _send(pipe, "outcome", outcome)


def _send(pipe: Connection[Any, Any], kind: Message, content: Any) -> None:
    pipe.send_bytes(pickle.dumps((kind, content), protocol=pickle.HIGHEST_PROTOCOL))


def _picklable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # an exception whose constructor takes more than a message
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _end_with(parent: int) -> None:
    """Let the system end this process with its parent.

    Without this, a closed pipe is noticed only at the next step.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    except (OSError, AttributeError):
        return
    if os.getppid() != parent:  # the parent ended before the call
        raise SystemExit(1)
