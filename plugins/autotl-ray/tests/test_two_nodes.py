"""Check a search on two Ray nodes that share no run folder."""

from __future__ import annotations

import csv
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("ray")

RAY = [sys.executable, "-m", "ray.scripts.scripts"]
CLASSES, IMAGES = ("dark", "light"), 20


def can_hide_a_folder() -> bool:
    """Return whether this process may give another one its own view of a folder."""
    hide = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /mnt"]
    return shutil.which("unshare") is not None and not subprocess.run(hide, capture_output=True).returncode


pytestmark = pytest.mark.skipif(
    not can_hide_a_folder(), reason="the second node's view of the run folder takes root and unshare"
)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Start two nodes of a core each; the second one does not see ``tmp_path/runs``."""
    hidden, own = tmp_path / "runs", tmp_path / "second"
    hidden.mkdir()
    own.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    sessions = tempfile.mkdtemp(prefix="ray-", dir="/tmp")  # a socket's path must be short
    head = [
        "--head",
        f"--port={address.partition(':')[2]}",
        f"--temp-dir={sessions}",
        "--include-dashboard=false",
    ]
    limits = ["--num-cpus=1", "--object-store-memory=100000000", "--block"]
    second = ["unshare", "--mount", "sh", "-c", f'mount -t tmpfs none {hidden} && exec "$@"', "sh"]
    nodes = [subprocess.Popen([*RAY, "start", *head, *limits], stdout=subprocess.DEVNULL)]
    try:
        _wait_for_nodes(address, 1)
        nodes.append(
            subprocess.Popen(
                [*second, *RAY, "start", f"--address={address}", *limits],
                env={**os.environ, "TMPDIR": str(own)},
                stdout=subprocess.DEVNULL,
            )
        )
        _wait_for_nodes(address, 2)
        yield address
    finally:
        for node in reversed(nodes):
            node.terminate()
        for node in nodes:
            node.wait(60)
        shutil.rmtree(sessions, ignore_errors=True)


def _wait_for_nodes(address: str, count: int) -> None:
    """Wait until the cluster has so many nodes."""
    script = f"""
import ray, time
for _ in range(120):
    try:
        ray.init("{address}", log_to_driver=False)
        break
    except ConnectionError:
        time.sleep(0.5)
for _ in range(240):
    if sum(node["Alive"] for node in ray.nodes()) == {count}:
        raise SystemExit(0)
    time.sleep(0.5)
raise SystemExit(1)
"""
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, timeout=300)


def test_a_node_without_the_run_folder_trains_and_sends_its_weights(address: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(IMAGES):
        kind = number % 2
        path = tmp_path / "photos" / CLASSES[kind] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(100 * kind, 100 * kind + 100, (32, 32, 3), dtype=np.uint8)).save(path)
    run = tmp_path / "runs" / "run"
    command = [sys.executable, "-m", "autotl", "fit", str(tmp_path / "photos"), "--out", str(run)]
    command += ["--backbone", "tiny", "--trials", "4", "--executor", "ray", "--workers", "2", "--quiet"]
    done = subprocess.run(
        command,
        env={**os.environ, "RAY_ADDRESS": address, "AUTOTL_EXPERIENCE": "off"},
        capture_output=True,
        text=True,
        timeout=500,
    )
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "second").glob("autotl-ray-*")), "the second node must have had a worker"
    with (run / "trials.csv").open(encoding="utf-8") as file:
        states = [row["state"] for row in csv.DictReader(file)]
    assert len(states) >= 4
    assert "failed" not in states
    assert (run / "model" / "model.safetensors").is_file()
