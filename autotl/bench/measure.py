"""Measure one entry: start its entrant, time it, score what it predicted, and make the row."""

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
from autotl.bench import process
from autotl.bench.entry import Entry
from autotl.bench.material import Material
from autotl.bench.places import Seat
from autotl.errors import BenchError
from autotl.leaderboard import Row
from autotl.metrics import get_metric

OVER, GRACE = 5, 120.0
"""An entrant is stopped after so many budgets and seconds: it can be late, but not for ever."""
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
ENVIRONMENT = {"AUTOTL_EXPERIENCE": "off", "PYTHONUNBUFFERED": "1"}


def measure(
    entry: Entry,
    material: Material,
    *,
    weights: Path | None,
    seat: Seat,
    device: str,
    folder: Path,
    stop: Event,
    unable: str = "",
) -> Row:
    """The row of an entry, a failed one where its entrant failed, or is ``unable`` to start for this reason.

    ``folder`` is empty and the entrant's. Raises Stopped where ``stop`` is set meanwhile.
    """
    command = command_of(entry, folder)
    jsonio.write(
        folder / "job.json", job(entry, material, weights=weights, threads=seat.threads, device=device)
    )
    ended = process.Ended(unable, 0.0, 0.0)
    if not unable:
        threads = str(seat.threads)
        ended = process.run(
            command,
            cores=seat.cores,
            limit=OVER * entry.budget + GRACE,
            log=folder / "log.txt",
            environment={name: threads for name in THREADS} | ENVIRONMENT,
            stop=stop,
        )
    told: Mapping[str, Any] = {}
    logits: NDArray[np.float32] | None = None
    why = ended.why
    if not why:
        try:
            told, logits = delivered(folder, material)
        except BenchError as error:
            why = str(error)
    split = material.split
    return Row(
        suite=entry.suite,
        dataset=entry.data.name,
        shots=entry.shots,
        backbone=entry.backbone.name,
        entrant=entry.entrant.name,
        kind=entry.entrant.kind,
        family=str(told.get("family") or ("fine-tuned" if entry.entrant.kind == "peer" else "other")),
        seed=entry.seed,
        budget_seconds=entry.budget,
        status="failed" if why else "ok",
        error=why,
        plugin=str(told.get("plugin") or entry.entrant.name),
        version=str(told.get("version") or ""),
        split=split.hash,
        n_train=split.count("train"),
        n_test=split.count("test"),
        n_classes=len(split.classes),
        image_side=int(told.get("image_side") or entry.data.image_size or 0),
        likeness=_number(told.get("likeness")),
        metric=entry.metric,
        val=_number(told.get("val")),
        test=None if logits is None else float(get_metric(entry.metric)(split.labels, logits)),
        params=dict(told.get("params") or {}),
        trials=tuple(told.get("trials") or ()),
        chosen=told.get("chosen"),
        seconds=round(ended.seconds, 3),
        flops=_number(told.get("flops")),
        peak_memory_mb=round(ended.peak_memory_mb, 1) or None,
        machine=machine(),
        threads=seat.threads,
        device=device,
        versions={"autotl": autotl.__version__, **(told.get("versions") or {})},
        command=_shown(command, folder),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        notes=tuple(map(str, told.get("notes") or ())),
        logits=logits,
    ).sealed()


def job(
    entry: Entry, material: Material, *, weights: Path | None, threads: int, device: str
) -> dict[str, Any]:
    """What an entrant is told. A peer never sees the test labels; autotl locks them away itself."""
    checkpoint = entry.backbone
    folder = str((weights or Path()) / checkpoint.folder) if checkpoint.folder else None
    told = {
        "format": jsonio.FORMAT,
        "train": str(material.train.resolve()),
        "test": str(material.test.resolve()),
        "classes": list(material.split.classes),
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
        return told | {"peer": entry.entrant.name}
    return told | {
        "table": str(material.table.resolve()),
        "strategy": entry.entrant.strategy,
        "search": entry.entrant.name if entry.entrant.kind == "selector" else None,
        "default": entry.entrant.kind == "default",
    }


def command_of(entry: Entry, folder: Path) -> list[str]:
    """The command that runs the entrant of an entry in ``folder``."""
    tail = [str(folder / "job.json"), str(folder)]
    if peer := entry.entrant.peer:
        return [*python(peer.command), "run", peer.name, *tail]
    return [sys.executable, "-m", "autotl.bench.entrant", *tail]


def python(command: Sequence[str]) -> list[str]:
    """A command whose "python" is the one that runs here."""
    return [sys.executable if command[0] == "python" else command[0], *command[1:]]


def delivered(folder: Path, material: Material) -> tuple[Mapping[str, Any], NDArray[np.float32]]:
    """What an entrant wrote. Raises BenchError where it is not what is due."""
    try:
        told = jsonio.read(folder / "entry.json")
        logits = np.load(folder / "logits.npy", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise BenchError(f"It ended well, but left no readable logits.npy and entry.json: {error}") from error
    due = material.split.count("test"), len(material.split.classes)
    if logits.shape != due or not np.isfinite(logits).all():
        raise BenchError(f"Its logits have the shape {logits.shape}, or are not all finite; {due} is due.")
    return told, np.ascontiguousarray(logits, dtype=np.float32)


def machine() -> str:
    """This machine in words: processor, cores, system."""
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}"


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
    """The command without this machine's paths."""
    words = [word.replace(str(folder), "OUT") for word in command]
    return shlex.join(["python" if words[0] == sys.executable else words[0], *words[1:]])
