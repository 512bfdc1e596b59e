"""Measure one entry of a suite.

Run its entrant, time it, score its predictions, and create the row.
"""

from __future__ import annotations

import os
import platform
import shlex
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autotl
from autotl import jsonio
from autotl.api import DEPLOY
from autotl.bench import process
from autotl.bench.entry import Entry
from autotl.bench.executors import Resources
from autotl.bench.prepared_data import PreparedData
from autotl.bench.revision import commit, revision
from autotl.bench.split import Split
from autotl.errors import BenchError
from autotl.leaderboard import Row
from autotl.metrics import get_metric

MAX_BUDGETS, MAX_DELAY = 5, 120.0
"""The number of budgets plus the seconds after which an entrant is stopped."""
THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
ENVIRONMENT = {"AUTOTL_EXPERIENCE": "off", "PYTHONUNBUFFERED": "1"}


def measure(
    entry: Entry,
    prepared: PreparedData,
    *,
    weights: Path | None,
    resources: Resources,
    device: str,
    folder: Path,
    stop: Event,
    unable: str = "",
) -> Row:
    """Measure an entry, and return its row.

    Args:
        entry: The entry.
        prepared: Its data set on disk.
        weights: Folder of the suite's checkpoints; None if there is none.
        resources: Threads and cores of the entrant.
        device: Device of the entrant, such as "cpu".
        folder: An empty folder for the entrant.
        stop: If set, the entrant is killed.
        unable: Reason why the entrant cannot start; empty if it can.

    Returns:
        The row; a failed one if the entrant failed or is unable to start.

    Raises:
        Stopped: If ``stop`` is set before the entrant ends.
    """
    command = command_of(entry, folder)
    jsonio.write(
        folder / "job.json", job(entry, prepared, weights=weights, threads=resources.threads, device=device)
    )
    ended = process.ProcessResult(unable, 0.0, 0.0)
    if not unable:
        ended = _run(command, entry, resources=resources, folder=folder, stop=stop)
    failure, output, logits = _outcome(ended, folder, prepared)
    return Row(
        **_entry_fields(entry),
        **_data_fields(prepared),
        **_output_fields(output, entry),
        status="failed" if failure else "ok",
        error=failure,
        test=None if logits is None else _score(entry.metric, prepared.split, logits),
        seconds=round(ended.seconds, 3),
        peak_memory_mb=round(ended.peak_memory_mb, 1) or None,
        machine=machine(),
        threads=resources.threads,
        device=device,
        command=_shown(command, folder),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        logits=logits,
    ).sealed()


def job(
    entry: Entry, prepared: PreparedData, *, weights: Path | None, threads: int, device: str
) -> dict[str, Any]:
    """Return the job description for an entrant.

    A peer receives no test labels. autotl receives them, and locks them itself.

    Args:
        entry: The entry.
        prepared: Its data set on disk.
        weights: Folder of the suite's checkpoints; None if there is none.
        threads: Number of threads.
        device: Device, such as "cpu".
    """
    checkpoint = entry.backbone
    folder = str((weights or Path()) / checkpoint.folder) if checkpoint.folder else None
    described = {
        "format": jsonio.FORMAT,
        "train": str(prepared.train.resolve()),
        "test": str(prepared.test.resolve()),
        "classes": list(prepared.split.classes),
        "backbone": {
            "name": checkpoint.hub or checkpoint.name,
            "folder": folder and str(Path(folder).resolve()),
        },
        "image_size": entry.data.image_size,
        "budget_seconds": entry.budget,
        "metric": entry.metric,
        "seed": entry.seed,
        "threads": threads,
        "device": device,
    }
    if entry.entrant.peer:
        return described | {"peer": entry.entrant.name}
    return described | {
        "table": str(prepared.table.resolve()),
        "strategy": entry.entrant.strategy,
        "search": entry.entrant.name if entry.entrant.kind == "selector" else None,
        "default": entry.entrant.kind == "default",
        "target": prepared.split.target,
        "columns": list(prepared.columns),
        "text": None if prepared.data.modality == "image" else prepared.data.modality,
        "additional": {
            role: str(path.resolve())
            for role, path in prepared.additional.items()
            if role != DEPLOY or entry.entrant.strategy is None  # a single strategy has nothing that adapts
        },
    }


def command_of(entry: Entry, folder: Path) -> list[str]:
    """Return the command that runs the entrant of an entry in ``folder``."""
    tail = [str(folder / "job.json"), str(folder)]
    if peer := entry.entrant.peer:
        return [*with_this_python(peer.command), "run", peer.name, *tail]
    return [sys.executable, "-m", "autotl.bench.entrant", *tail]


def with_this_python(command: Sequence[str]) -> list[str]:
    """Replace "python" at the start of a command by the running interpreter."""
    return [sys.executable if command[0] == "python" else command[0], *command[1:]]


def read_output(folder: Path, prepared: PreparedData) -> tuple[Mapping[str, Any], NDArray[np.float32]]:
    """Read an entrant's description and its logits (test images, classes).

    Raises:
        BenchError: If a file is missing or invalid.
    """
    try:
        output = jsonio.read(folder / "entry.json")
        logits = np.load(folder / "logits.npy", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise BenchError(f"It left no readable logits.npy and entry.json: {error}") from error
    shape = prepared.split.count("test"), len(prepared.split.classes)
    if logits.shape != shape or not np.isfinite(logits).all():
        raise BenchError(f"Its logits must be finite and have the shape {shape} (got {logits.shape}).")
    return output, np.ascontiguousarray(logits, dtype=np.float32)


def machine() -> str:
    """Describe this machine: processor, cores and system."""
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"


def _run(
    command: Sequence[str], entry: Entry, *, resources: Resources, folder: Path, stop: Event
) -> process.ProcessResult:
    threads = str(resources.threads)
    return process.run(
        command,
        cores=resources.cores,
        limit=MAX_BUDGETS * entry.budget + MAX_DELAY,
        log=folder / "log.txt",
        environment={name: threads for name in THREAD_VARIABLES} | ENVIRONMENT,
        stop=stop,
    )


def _score(metric: str, split: Split, outputs: NDArray[np.float32]) -> float:
    return float(get_metric(metric, split.spec)(split.labels, outputs))


def _outcome(
    ended: process.ProcessResult, folder: Path, prepared: PreparedData
) -> tuple[str, Mapping[str, Any], NDArray[np.float32] | None]:
    """Return the reason of a failure, or the output and the logits of an entrant."""
    if ended.failure:
        return ended.failure, {}, None
    try:
        return "", *read_output(folder, prepared)
    except BenchError as error:
        return str(error), {}, None


def _entry_fields(entry: Entry) -> dict[str, Any]:
    return {
        "suite": entry.suite,
        "dataset": entry.data.name,
        "shots": entry.shots,
        "backbone": entry.backbone.name,
        "entrant": entry.entrant.name,
        "kind": entry.entrant.kind,
        "seed": entry.seed,
        "budget_seconds": entry.budget,
        "metric": entry.metric,
        "image_size": entry.data.image_size or 0,
    }


def _data_fields(prepared: PreparedData) -> dict[str, Any]:
    split = prepared.split
    return {
        "split": split.hash,
        "n_train": split.count("train"),
        "n_test": split.count("test"),
        "n_classes": len(split.classes),
        "target": split.target,
    }


def _output_fields(output: Mapping[str, Any], entry: Entry) -> dict[str, Any]:
    plugin = str(output.get("plugin") or entry.entrant.name)
    known = {} if entry.entrant.peer else {f"commit of {plugin}": commit(plugin)}
    return {
        "family": str(output.get("family") or ("fine-tuned" if entry.entrant.kind == "peer" else "other")),
        "plugin": plugin,
        "revision": "" if entry.entrant.peer else revision(plugin),
        "version": str(output.get("version") or ""),
        "image_side": int(output.get("image_side") or entry.data.image_size or 0),
        "likeness": _number(output.get("likeness")),
        "val": _number(output.get("val")),
        "params": dict(output.get("params") or {}),
        "trials": tuple(output.get("trials") or ()),
        "chosen": output.get("chosen"),
        "flops": _number(output.get("flops")),
        "versions": {
            "autotl": autotl.__version__,
            **(output.get("versions") or {}),
            **{name: value for name, value in known.items() if value},
        },
        "notes": tuple(map(str, output.get("notes") or ())),
        "contributions": tuple(output.get("contributions") or ()),
        "adaptation": dict(output["adaptation"]) if output.get("adaptation") else None,
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or "unknown processor"


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and np.isfinite(value) else None


def _shown(command: Sequence[str], folder: Path) -> str:
    """Return the command without the paths of this machine."""
    words = [word.replace(str(folder), "OUT") for word in command]
    return shlex.join(["python" if words[0] == sys.executable else words[0], *words[1:]])
