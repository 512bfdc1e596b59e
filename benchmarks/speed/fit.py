"""Measure ``autotl fit`` with and without cached activations: trials, test score, overhead and memory.

Each fit is a command in a child of a small process that reads its peak memory. If it were started from a
large process, the memory of that process would be included.
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
INTERVAL = 0.1
"""Seconds between two readings of the memory."""


def measure(data: Path, backbone: str, *, budget: str = "2m", seeds: int = 3) -> dict[str, Any]:
    """Return rows with the cache on and off in turn, and median ratios of trials.

    Args:
        data: The data set.
        backbone: A timm folder.
        budget: Budget of each fit.
        seeds: Number of seeds.
    """
    rows = []
    for seed in range(seeds):
        for name, cache in CACHES.items():
            rows.append({"cache": name, **fit(data, backbone, budget=budget, seed=seed, cache=cache)})
            print(rows[-1], flush=True)
    pairs = list(zip(rows[::2], rows[1::2], strict=True))
    ratios = {
        f"{key}, on / off": median(on[key] / max(1, off[key]) for on, off in pairs)
        for key in ("trials", "complete")
    }
    return {"data": data.stem, "budget": budget, **ratios, "rows": rows}


def memory(data: Path, backbone: str, *, budget: str = "2m", cache: str = "2GiB") -> dict[str, Any]:
    """Return the peak memory of one fit.

    Args:
        data: The data set.
        backbone: A timm folder.
        budget: Budget of the fit.
        cache: Size limit of the cache.
    """
    row = fit(data, backbone, budget=budget, seed=0, cache=cache)
    return {"data": data.stem, "budget": budget, "rows": [{"cache": cache, **row}]}


def fit(data: Path, backbone: str, *, budget: str, seed: int, cache: str | None) -> dict[str, Any]:
    """Run one fit, and return its row: trials, test score, overhead, seconds and peak memory in MiB.

    Args:
        data: The data set.
        backbone: A timm folder.
        budget: Budget of the fit.
        seed: The seed.
        cache: Size limit of the cache; None for the default.
    """
    with tempfile.TemporaryDirectory(prefix="speed-") as folder:
        out = Path(folder) / "run"
        arguments = ["fit", str(data), "--backbone", backbone, "--budget", budget, "--seed", str(seed)]
        arguments += ["--out", str(out), "--quiet", *(["--cache", cache] if cache else [])]
        child = [sys.executable, str(Path(__file__).resolve()), *arguments]
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


def measured(arguments: list[str]) -> dict[str, float | None]:
    """Run autotl, and return its wall seconds and peak memory in MiB.

    ``peak_mib`` includes mapped pages of the cache, which the system can reclaim. ``own_mib`` excludes them,
    but may miss a peak shorter than a tenth of a second; it is None without /proc.
    """
    started = time.monotonic()
    # to standard error, because standard output is for the numbers
    child = subprocess.Popen([sys.executable, "-m", "autotl", *arguments], stdout=sys.stderr)
    own: list[float] = []
    thread = threading.Thread(target=_record_memory, args=(child, own))
    thread.start()
    code = child.wait()
    thread.join()
    if code:
        raise SystemExit(code)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return {
        "wall_seconds": time.monotonic() - started,
        "peak_mib": peak / (BYTES_PER_MIB if platform.system() == "Darwin" else KIB_PER_MIB),
        "own_mib": max(own, default=None),
    }


def _record_memory(child: subprocess.Popen[bytes], own: list[float]) -> None:
    """Append the child's own memory in MiB until it ends."""
    status = Path(f"/proc/{child.pid}/status")
    while child.poll() is None:
        try:
            lines = status.read_text(encoding="ascii", errors="replace").splitlines()
        except OSError:  # the child has ended, or /proc does not exist
            return
        own += [int(line.split()[1]) / KIB_PER_MIB for line in lines if line.startswith("RssAnon:")]
        time.sleep(INTERVAL)


if __name__ == "__main__":
    print(json.dumps(measured(sys.argv[1:])))
