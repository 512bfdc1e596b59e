"""What keeping activations gives a whole ``autotl fit``: trials finished, test score, overhead and memory.

Each fit runs as a command of its own, below a small process that reads its peak memory: started from a large
one, a command would be counted with its parent's.
"""

from __future__ import annotations

import json
import platform
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any

CACHES = {"on": None, "off": "off"}
KIB_PER_MIB, BYTES_PER_MIB = 1024, 2**20
LOOK_SECONDS = 0.1


def measure(data: Path, backbone: str, *, budget: str = "2m", seeds: int = 3) -> dict[str, Any]:
    """A row per seed and cache, on and off by turns, and medians over seeds of the ratios of trials."""
    rows = []
    for seed in range(seeds):
        for name, cache in CACHES.items():
            rows.append({"cache": name, **one(data, backbone, budget=budget, seed=seed, cache=cache)})
            print(rows[-1], flush=True)
    pairs = list(zip(rows[::2], rows[1::2], strict=True))
    ratios = {
        f"{what}, on / off": median(on[what] / max(1, off[what]) for on, off in pairs)
        for what in ("trials", "complete")
    }
    return {"data": data.stem, "budget": budget, **ratios, "rows": rows}


def memory(data: Path, backbone: str, *, budget: str = "2m", cache: str = "2GiB") -> dict[str, Any]:
    """Peak memory in MiB of one fit whose store may take ``cache``."""
    row = one(data, backbone, budget=budget, seed=0, cache=cache)
    return {"data": data.stem, "budget": budget, "rows": [{"cache": cache, **row}]}


def one(data: Path, backbone: str, *, budget: str, seed: int, cache: str | None) -> dict[str, Any]:
    """One fit: trials begun, complete, test score, overhead (a share), wall seconds, peak memory in MiB."""
    with tempfile.TemporaryDirectory(prefix="speed-") as folder:
        out = Path(folder) / "run"
        words = ["fit", str(data), "--backbone", backbone, "--budget", budget, "--seed", str(seed)]
        words += ["--out", str(out), "--quiet", *(["--cache", cache] if cache else [])]
        child = [sys.executable, str(Path(__file__).resolve()), *words]
        found = json.loads(subprocess.run(child, check=True, stdout=subprocess.PIPE, text=True).stdout)
        report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    search = report["search"]
    return {
        "seed": seed,
        "trials": search["trials"],
        "complete": search["trials"] - search["failed"] - search["pruned"] - search["stopped"],
        "test": report["test"]["value"],
        "n_test": report["test"]["n"],
        "chosen": report["verdict"]["strategy"],
        "overhead": report["cost"]["overhead_fraction"],
        **found,
    }


def watched(words: list[str]) -> dict[str, float | None]:
    """Run autotl with these words; its wall seconds and peak memory in MiB.

    ``peak`` counts pages of the store that are mapped, which the system takes back when it needs them;
    ``own`` does not (None where there is no /proc), but may miss a peak shorter than a tenth of a second.
    """
    started = time.monotonic()
    # to the error stream: standard output is for the numbers
    child = subprocess.Popen([sys.executable, "-m", "autotl", *words], stdout=sys.stderr)
    own: list[float] = []
    looking = threading.Thread(target=_look, args=(child, own))
    looking.start()
    code = child.wait()
    looking.join()
    if code:
        raise SystemExit(code)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {
        "wall_seconds": time.monotonic() - started,
        "peak_mib": peak / (BYTES_PER_MIB if platform.system() == "Darwin" else KIB_PER_MIB),
        "own_mib": max(own, default=None),
    }


def _look(child: subprocess.Popen[bytes], own: list[float]) -> None:
    """Write down the child's own memory in MiB, until it ends."""
    status = Path(f"/proc/{child.pid}/status")
    while child.poll() is None:
        try:
            lines = status.read_text(encoding="ascii", errors="replace").splitlines()
        except OSError:  # ended just now, or no /proc
            return
        own += [int(line.split()[1]) / KIB_PER_MIB for line in lines if line.startswith("RssAnon:")]
        time.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    print(json.dumps(watched(sys.argv[1:])))
