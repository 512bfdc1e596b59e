"""Jobs, what they say and their outcomes as JSON; logits as safetensors beside the weights."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load, save

from autotl import disk, jsonio
from autotl.api import Checkpoint, Epoch, FoldScore, Job, Outcome, Said
from autotl.errors import RunError

LOGITS = "logits.safetensors"
APPEARS = 30.0
"""Seconds within which a file that another machine has written is seen here, on a slow network."""


def job_text(job: Job) -> str:
    return json.dumps(jsonio.plain(job))


def job_from(told: str) -> Job:
    found = json.loads(told)
    return Job(**{**found, "folds": tuple(found["folds"])})


def parted(job: Job, root: Path) -> Job:
    """The job with its path below ``root`` relative to it."""
    return replace(job, checkpoint=_below(Path(job.checkpoint), root)) if job.checkpoint else job


def placed(job: Job, root: Path) -> Job:
    """The same job where ``root`` is called so."""
    return replace(job, checkpoint=str(root / job.checkpoint)) if job.checkpoint else job


def said_text(said: Said) -> str:
    """Without logits: those of a fold come with the outcome."""
    epoch, done = said.epoch, said.done
    return json.dumps(
        {
            "fold": said.fold,
            "epoch": {"step": epoch.step, "score": _number(epoch.score), "progress": float(epoch.progress)}
            | {"loss": _number(epoch.loss)},
            "done": done and [done.fold, float(done.score), done.seconds, done.epochs],
        }
    )


def said_from(told: str) -> Said:
    found: dict[str, Any] = json.loads(told)
    done = found["done"]
    score = done and FoldScore(done[0], done[1], np.empty((0, 0), np.float32), done[2], done[3])
    return Said(found["fold"], Epoch(**found["epoch"]), score or None)


def keep_outcome(outcome: Outcome, folder: Path, root: Path) -> str:
    """Write the logits into ``folder``; the rest as text, with paths below ``root`` relative to it: the
    folder of the run may be mounted elsewhere on another machine. Raises DiskFull.
    """
    kept = None
    if outcome.folds:
        path = folder / LOGITS
        disk.write_bytes(path, save({str(n): each.logits for n, each in enumerate(outcome.folds)}))
        kept = _below(path, root)
    return json.dumps(
        {
            "state": outcome.state,
            "why": outcome.why,
            "seconds": outcome.seconds,
            "side": outcome.side,
            "models": {str(fold): _below(Path(path), root) for fold, path in outcome.models.items()},
            "logits": kept,
            "checkpoint": outcome.checkpoint
            and [_below(Path(outcome.checkpoint.path), root), outcome.checkpoint.progress],
            "folds": [[each.fold, float(each.score), each.seconds, each.epochs] for each in outcome.folds],
        }
    )


def outcome_from(told: str, job: Job, root: Path) -> Outcome:
    """Read it back. Raises RunError where a file of it does not appear."""
    found: dict[str, Any] = json.loads(told)
    logits = load(_there(root / found["logits"])) if found["logits"] else {}
    left = found["checkpoint"]
    return Outcome(
        job,
        found["state"],
        tuple(
            FoldScore(fold, score, logits[str(n)], seconds, epochs)
            for n, (fold, score, seconds, epochs) in enumerate(found["folds"])
        ),
        found["seconds"],
        found["why"],
        {int(fold): str(root / path) for fold, path in found["models"].items()},
        found["side"],
        Checkpoint(str(root / left[0]), left[1]) if left else None,
    )


def _there(path: Path) -> bytes:
    """The content of a file that was written on another machine, which may show a little later here."""
    until = time.monotonic() + APPEARS
    while True:
        try:
            return path.read_bytes()
        except FileNotFoundError as error:
            if time.monotonic() > until:
                raise RunError(
                    f"A worker says that it has written {path}, but it is not there. Every machine must see "
                    "the same run folder."
                ) from error
        time.sleep(0.2)


def _below(path: Path, root: Path) -> str:
    path, root = path.absolute(), root.absolute()
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)
