"""Check that commands end in time with their output, and end with their parent."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from threading import Event, Timer

import pytest

from autotl.bench import process

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else [0]


def run(code: str, folder: Path, *, limit: float = 60.0, stop: Event | None = None) -> process.ProcessResult:
    return process.run(
        [sys.executable, "-c", code],
        cores=CORES[:1],
        limit=limit,
        log=folder / "log.txt",
        environment={"GREETING": "hello"},
        stop=stop or Event(),
    )


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_successful_command_has_no_reason(tmp_path: Path) -> None:
    ended = run("import os; assert os.environ['GREETING'] == 'hello'; x = bytearray(50 << 20)", tmp_path)
    assert ended.failure == ""
    assert ended.seconds > 0
    assert ended.peak_memory_mb > 50


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system does not bind to cores")
def test_a_command_uses_only_its_cores(tmp_path: Path) -> None:
    assert run(f"import os; assert os.sched_getaffinity(0) == {{{CORES[0]}}}", tmp_path).failure == ""


def test_a_failure_has_the_last_lines_of_output(tmp_path: Path) -> None:
    ended = run("import sys; print('first'); sys.exit('no such thing')", tmp_path)
    assert "code 1" in ended.failure
    assert ended.failure.endswith("no such thing")


def test_a_late_command_is_stopped(tmp_path: Path) -> None:
    ended = run("import time; print('busy', flush=True); time.sleep(600)", tmp_path, limit=1.0)
    assert ended.failure.startswith("It was stopped after 1 seconds.")
    assert "busy" in ended.failure


def test_child_processes_end_with_the_command(tmp_path: Path) -> None:
    child = "import time; time.sleep(600)"
    ended = run(
        f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {child!r}]).pid)", tmp_path
    )
    assert ended.failure == ""
    pid = int((tmp_path / "log.txt").read_text(encoding="utf-8"))
    for _ in range(200):
        if not alive(pid):
            break
        time.sleep(0.05)  # the system reports its end
    else:
        pytest.fail(f"{pid} is still there")


def test_a_command_can_be_stopped(tmp_path: Path) -> None:
    stop = Event()
    Timer(0.5, stop.set).start()
    with pytest.raises(process.Stopped):
        run("import time; time.sleep(600)", tmp_path, stop=stop)


def test_a_missing_command_is_a_failure(tmp_path: Path) -> None:
    ended = process.run(
        ["/nowhere/tool"], cores=CORES[:1], limit=5, log=tmp_path / "log.txt", environment={}, stop=Event()
    )
    assert "/nowhere/tool cannot be started" in ended.failure
