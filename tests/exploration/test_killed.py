"""A killed exploration resumes where it was."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import autotl
from autotl.exploration.images import features
from tests.support.planted import photos

SCRIPT = """
import sys, time
import autotl
from autotl.exploration.images import features
features.BLOCK = 8
forward = features.forward_in_batches
def slowly(*arguments, **options):
    time.sleep(0.3)
    return forward(*arguments, **options)
features.forward_in_batches = slowly
autotl.explore(sys.argv[1], out=sys.argv[2], backbone="tiny", clusters=2, projection="pca", device="cpu")
"""


@pytest.mark.slow
def test_sigkill_loses_at_most_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures, out = photos(tmp_path / "photos"), tmp_path / "out"
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(pictures), str(out)])
    markers: list[Path] = []
    while process.poll() is None and not markers:
        time.sleep(0.05)
        markers = [each for each in (out / ".explore").glob("*.json") if "scan" not in each.name]
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert markers
    calls: list[int] = []
    forward = features.forward_in_batches

    def counted(*arguments, **options):  # type: ignore[no-untyped-def] # it has the type of the original
        calls.append(len(arguments[1]))
        return forward(*arguments, **options)

    monkeypatch.setattr(features, "BLOCK", 8)
    monkeypatch.setattr(features, "forward_in_batches", counted)
    options = {"backbone": "tiny", "clusters": 2, "projection": "pca", "device": "cpu"}
    resumed = autotl.explore(pictures, out=out, **options)
    assert sum(calls) <= 60 - 8
    whole = autotl.explore(pictures, **options)
    assert np.array_equal(np.load(resumed.features), np.load(whole.features))
