"""Ctrl-C in a watched command: once finishes the run with what there is, twice stops it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from autotl.testing import tiny_images
from autotl.watching import RunFolderSource

SECONDS = 120


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for number, (image, name) in enumerate(zip(*tiny_images(each=12), strict=True)):
        (tmp_path / "photos" / name).mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(tmp_path / "photos" / name / f"{number}.png")
    return tmp_path / "photos"


def await_that(met: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not met():
        assert time.monotonic() < until
        time.sleep(0.05)


def _heed_ctrl_c() -> None:
    """Undo that shells start commands in the background with SIGINT ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for a single process")
@pytest.mark.parametrize(("presses", "states"), [(1, {"interrupted"}), (2, {"interrupted", "stopped"})])
def test_ctrl_c_ends_a_watched_command(photos: Path, tmp_path: Path, presses: int, states: set[str]) -> None:
    out, log = tmp_path / "run", tmp_path / "log"
    words = ["fit", photos, "--out", out, "--backbone", "tiny", "--trials", 5000, "--watch"]
    with log.open("wb") as file:
        command = [sys.executable, "-m", "autotl", *map(str, words)]
        process = subprocess.Popen(command, stdout=file, stderr=file, preexec_fn=_heed_ctrl_c)
    try:
        await_that((out / "trials.csv").is_file)
        assert RunFolderSource(out).content().state == "running"
        process.send_signal(signal.SIGINT)
        if presses == 2:
            await_that(lambda: b"Press Ctrl-C again" in log.read_bytes())
            process.send_signal(signal.SIGINT)
        assert process.wait(SECONDS) == 130
    finally:
        process.kill()
    text = log.read_text()
    assert "Follow the run in a browser: http://127.0.0.1:" in text
    assert "Traceback" not in text
    assert RunFolderSource(out).content().state in states
    assert (out / "report.html").is_file() or presses == 2
