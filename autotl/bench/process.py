"""Run a command with given cores and time limit, and measure it."""

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
from typing import BinaryIO

from autotl.clock import Deadline, WallClock

START_VARIABLE = "AUTOTL_BENCH_STARTED"
"""The environment variable with the start time of the command, on the machine's monotonic clock."""
_LAST_LINES = 12  # of the log, in the reason of a failure
_POLL_SECONDS = 0.05
_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG


@dataclass(frozen=True, slots=True)
class ProcessResult:
    """How a command ended.

    Attributes:
        failure: Reason of a failure; empty if the command succeeded.
        seconds: Wall-clock time.
        peak_memory_mb: Peak resident memory of its largest process, in MiB.
    """

    failure: str
    seconds: float
    peak_memory_mb: float


class Stopped(Exception):
    """Raised if a command was killed because the benchmark stops."""


def run(
    command: Sequence[str],
    *,
    cores: Sequence[int],
    limit: float,
    log: Path,
    environment: Mapping[str, str],
    stop: Event,
) -> ProcessResult:
    """Run a command and wait for its end.

    The command receives its start time in :data:`START_VARIABLE`. It is killed if this process dies.

    Args:
        command: The command and its arguments.
        cores: Cores to bind it to; empty for all.
        limit: Seconds after which it is killed.
        log: File for its output.
        environment: Environment variables to add.
        stop: If set, the command is killed at once.

    Raises:
        Stopped: If ``stop`` is set before the command ends.
    """
    clock = WallClock()
    with log.open("wb") as output:
        started = clock.now()
        try:
            child = _start(command, cores, output, {**environment, START_VARIABLE: repr(started)})
        except OSError as error:
            return ProcessResult(f"{command[0]} cannot be started: {error.strerror}", 0.0, 0.0)
        try:
            code, memory, late = _wait(child.pid, Deadline(clock, started + limit), stop)
        finally:
            child.returncode = 0  # it has been waited for; subprocess must not wait again
        seconds = clock.now() - started
    _kill(child.pid)  # its remaining children
    failure = f"It was stopped after {limit:.0f} seconds. " if late else f"It ended with code {code}. "
    return ProcessResult(failure + _last_lines(log) if code or late else "", seconds, memory)


def _start(
    command: Sequence[str], cores: Sequence[int], output: BinaryIO, environment: Mapping[str, str]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env={**os.environ, **environment},
        start_new_session=True,
        preexec_fn=lambda: _prepare_child(cores),
    )


def _wait(pid: int, deadline: Deadline, stop: Event) -> tuple[int, float, bool]:
    """Wait for a process, and return its exit code, its memory in MiB and whether it was late."""
    late = False
    try:
        while True:
            done, status, usage = os.wait4(pid, os.WNOHANG)
            if done:
                break
            if stop.is_set():
                raise Stopped
            if deadline.passed() and not late:
                late = True
                _kill(pid)
            time.sleep(_POLL_SECONDS)
    except BaseException:
        _kill(pid)
        os.wait4(pid, 0)
        raise
    scale = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux KiB
    return os.waitstatus_to_exitcode(status), usage.ru_maxrss * scale / 2**20, late


def _prepare_child(cores: Sequence[int]) -> None:
    """Bind the child to its cores, and let it die with its parent."""
    if cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _last_lines(log: Path) -> str:
    with log.open(encoding="utf-8", errors="replace") as file:
        lines = deque((line.rstrip() for line in file if line.strip()), maxlen=_LAST_LINES)
    return "\n".join(lines)[-2000:]
