"""The life of a worker process: it gets ready, runs jobs, and asks at each step whether to go on.

It imports nothing heavy before it has set what torch and NumPy read when they are loaded.
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
from typing import TYPE_CHECKING, Any

from autotl.api import Job, Said, State
from autotl.data import limit_thread_spinning

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

SILENT = 0.02
"""Seconds between two questions of a job that has no score to tell: each waits for an answer."""
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Seat:
    """What a worker process may use, and where it works: ``gpu`` as CUDA_VISIBLE_DEVICES names it."""

    threads: int
    folder: str
    gpu: str | None = None


def live(pipe: Connection[Any, Any], seat: Seat, parent: int) -> None:
    """Take the work, then job after job, until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer: it ends this process
    _end_with(parent)
    os.chdir(seat.folder)
    os.environ["OMP_NUM_THREADS"] = str(seat.threads)
    limit_thread_spinning()
    if seat.gpu is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = seat.gpu
    try:
        _tell(pipe, "here", None)
        parcel = pipe.recv_bytes()
        try:
            work = pickle.loads(parcel)
            if "torch" in sys.modules:
                sys.modules["torch"].set_num_threads(seat.threads)
            kept = _memory_kept(seat.gpu is None)
        except Exception as error:  # a stranger's class may do anything when it arrives
            _tell(pipe, "broken", f"{type(error).__name__}: {error}")
            return
        _tell(pipe, "ready", None)
        with kept:
            while True:
                _one(pipe, work)
    except (EOFError, OSError):  # nobody is there any more
        return


def _memory_kept(on_cpu: bool) -> AbstractContextManager[None]:
    if "torch" not in sys.modules:  # the work does without
        return nullcontext()
    from autotl.training import freed_memory_kept

    return freed_memory_kept(on_cpu)


def _one(pipe: Connection[Any, Any], work: Any) -> None:
    job: Job = pickle.loads(pipe.recv_bytes())
    last = -SILENT

    def go(job: Job, said: Said) -> State | None:
        nonlocal last
        silent = said.epoch.score is None and said.done is None
        if silent and time.monotonic() - last < SILENT:
            return None
        # a tensor would travel as shared memory that ends with this process
        _tell(pipe, "said", replace(said, epoch=replace(said.epoch, logits=None)))
        answer: State | None = pickle.loads(pipe.recv_bytes())
        last = time.monotonic()
        return answer

    try:
        outcome = work(job, go)
    except (EOFError, BrokenPipeError):
        raise
    except Exception as error:
        _tell(pipe, "raised", _portable(error))
        return
    _tell(pipe, "ended", outcome)


def _tell(pipe: Connection[Any, Any], kind: str, what: Any) -> None:
    pipe.send_bytes(pickle.dumps((kind, what), protocol=pickle.HIGHEST_PROTOCOL))


def _portable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # an exception that asks for more than its message when it is made again
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _end_with(parent: int) -> None:
    """End when the parent ends, however it does: a closed pipe is only noticed at the next step."""
    if not sys.platform.startswith("linux"):
        return
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    except (OSError, AttributeError):
        return
    if os.getppid() != parent:  # it ended before this was asked for
        raise SystemExit(1)
