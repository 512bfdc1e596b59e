"""Run a command to its end on some cores, and tell how long it took and how much memory it held."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from autotl.clock import WallClock

STARTED = "AUTOTL_BENCH_STARTED"
"""The environment variable that tells a command when it was started, on the machine's monotonic clock."""
_TAIL = 12  # lines of what a failed command said last
_LOOK = 0.05  # seconds between two looks at it
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: ``why`` is empty where it ended well.

    ``peak_memory_mb`` is that of the largest process.
    """

    why: str
    seconds: float
    peak_memory_mb: float


class Stopped(Exception):
    """A command was ended because whoever ran it is to stop."""


def run(
    command: Sequence[str],
    *,
    cores: Sequence[int],
    limit: float,
    log: Path,
    environment: Mapping[str, str],
    stop: Event,
) -> Ended:
    """Run ``command``, bound to ``cores`` if there are any, for ``limit`` seconds at most.

    It is told when it was started, as :data:`STARTED`. What it says goes to ``log``. It dies with this
    process, however that ends, and at once when ``stop`` is set: then Stopped is raised.
    """
    clock = WallClock()
    with log.open("wb") as said:
        started = clock.now()
        try:
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment, STARTED: repr(started)},
                start_new_session=True,
                preexec_fn=lambda: _bind(cores),
            )
        except OSError as error:
            return Ended(f"{command[0]} cannot be started: {error.strerror}", 0.0, 0.0)
        late = False
        try:
            while True:
                done, status, usage = os.wait4(child.pid, os.WNOHANG)
                if done:
                    break
                if stop.is_set():
                    raise Stopped
                if clock.now() - started > limit and not late:
                    late = True
                    _end(child.pid)
                time.sleep(_LOOK)
        except BaseException:
            _end(child.pid)
            os.wait4(child.pid, 0)
            raise
        finally:
            child.returncode = 0  # waited for above; subprocess must not look for it again
        taken = clock.now() - started
    _end(child.pid)  # whatever it has left behind
    code = os.waitstatus_to_exitcode(status)
    why = f"It was stopped after {limit:.0f} seconds. " if late else f"It ended with code {code}. "
    scale = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux KiB
    return Ended(why + _tail(log) if code or late else "", taken, usage.ru_maxrss * scale / 2**20)


def _bind(cores: Sequence[int]) -> None:
    """In the child: keep to the cores, and die with the parent."""
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _tail(log: Path) -> str:
    with log.open(encoding="utf-8", errors="replace") as file:
        lines = deque((line.rstrip() for line in file if line.strip()), maxlen=_TAIL)
    return "\n".join(lines)[-2000:]
