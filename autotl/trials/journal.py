"""A file for each trial of a run, rewritten whole at every turn of it: what a killed search goes on from."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from autotl import jsonio
from autotl.api import Arm, Checkpoint, FoldScore
from autotl.files import write_bytes
from autotl.trials.trial import Trial

FORMAT = 1
WRONG = (ValueError, KeyError, TypeError, AttributeError)
"""What comes of reading something that was not written here."""
STATES = ("complete", "pruned", "stopped", "failed")


@dataclass(frozen=True, slots=True)
class Running:
    """The folds that a trial was being run on, and how many processes have ended meanwhile, this one
    included.
    """

    folds: tuple[int, ...]
    attempts: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A trial as it was last written; ``running`` where a job of it had begun. ``elapsed`` are the seconds of
    the budget that were spent then.
    """

    trial: Trial
    running: Running | None
    elapsed: float


def spent(root: Path) -> float:
    """The seconds of its budget that the run in ``root`` had spent when it last wrote."""
    found = 0.0
    for path in (root / "journal").glob("[!.]*.safetensors"):
        # a broken one is told of when it is read
        with suppress(SafetensorError, OSError, *WRONG), safe_open(path, framework="numpy") as file:
            found = max(found, float(json.loads(file.metadata()["trial"])["elapsed"]))
    return found


class Journal:
    """The trials of the run in ``root``, safetensors files in its folder ``journal``.

    Tensors are the validation logits of each fold; all else is JSON in the file's metadata. Paths of weights
    are relative to ``root``, so that a run can be moved. ``elapsed`` tells the seconds spent so far.
    """

    def __init__(self, root: Path, elapsed: Callable[[], float]) -> None:
        self._root, self._elapsed = root.resolve(), elapsed
        self._folder = self._root / "journal"

    def write(self, trial: Trial, running: Running | None = None) -> None:
        """Keep a trial, on the disk when this returns. Raises DiskFull."""
        told = {
            "format": FORMAT,
            "number": trial.number,
            "strategy": trial.arm.strategy,
            "backbone": trial.arm.backbone,
            "params": trial.params,
            "seed": trial.seed,
            "default": trial.default,
            "baseline": trial.baseline,
            "state": trial.state,
            "why": trial.why,
            "seconds": trial.seconds,
            "finished_at": trial.finished_at,
            "expected": trial.expected,
            "barred": sorted(trial.barred),
            "side": trial.side,
            "folds": [
                {"fold": each.fold, "score": each.score, "seconds": each.seconds, "epochs": each.epochs}
                for each in trial.folds.values()
            ],
            "models": {fold: self._relative(path) for fold, path in trial.models.items()},
            "curve": trial.curve,
            "checkpoint": trial.checkpoint
            and {"path": self._relative(trial.checkpoint.path), "progress": trial.checkpoint.progress},
            "gone_on": trial.gone_on,
            "look": trial.look,
            "running": running,
            "elapsed": self._elapsed(),
        }
        logits = {str(fold): np.ascontiguousarray(each.logits) for fold, each in trial.folds.items()}
        content = save(logits, {"trial": json.dumps(jsonio.plain(told), allow_nan=False)})
        write_bytes(self._folder / f"{trial.number:04d}.safetensors", content)

    def read(self, labels: Sequence[NDArray[np.int64]], classes: int) -> tuple[list[Entry], list[str]]:
        """The trials that were kept, by number, and a sentence on each file that is none: it was cut short,
        or is not of this run. ``labels`` are the validation labels of each fold.
        """
        entries, faults = [], []
        for path in sorted(self._folder.glob("*.safetensors")):
            if path.name.startswith("."):  # what a killed process had not yet renamed
                path.unlink(missing_ok=True)
                continue
            try:
                entries.append(self._entry(path, labels, classes))
            except (SafetensorError, OSError, *WRONG) as error:
                faults.append(
                    f"{path.name} in the journal is left out, and its trial with it: "
                    f"{type(error).__name__}: {error}"
                )
        return sorted(entries, key=lambda entry: entry.trial.number), faults

    def _entry(self, path: Path, labels: Sequence[NDArray[np.int64]], classes: int) -> Entry:
        with safe_open(path, framework="numpy") as file:
            told = json.loads((file.metadata() or {})["trial"])
            if told["format"] != FORMAT:
                raise ValueError(f"it has format {told['format']!r}, and this autotl reads {FORMAT}")
            folds = {
                each["fold"]: FoldScore(
                    int(each["fold"]),
                    float(each["score"]),
                    file.get_tensor(str(each["fold"])),
                    float(each["seconds"]),
                    int(each["epochs"]),
                )
                for each in told["folds"]
            }
        for each in folds.values():
            due = (len(labels[each.fold]), classes) if each.fold in range(len(labels)) else None
            if each.logits.shape != due:
                raise ValueError(f"fold {each.fold} has logits of shape {each.logits.shape}, not {due}")
        if path.name != f"{int(told['number']):04d}.safetensors" or told["state"] not in STATES:
            raise ValueError("it is no trial of this run")
        running, left = told["running"], told.get("checkpoint")
        trial = Trial(
            number=int(told["number"]),
            arm=Arm(str(told["strategy"]), str(told["backbone"])),
            params=dict(told["params"]),
            seed=int(told["seed"]),
            default=bool(told["default"]),
            folds=folds,
            state=told["state"],
            seconds=float(told["seconds"]),
            why=str(told["why"]),
            models={int(fold): self._absolute(name) for fold, name in told["models"].items()},
            side=int(told["side"]),
            finished_at=float(told["finished_at"]),
            baseline=bool(told["baseline"]),
            expected=told["expected"],
            barred=frozenset(told["barred"]),
            # what follows is not in the journals of earlier versions
            curve=[(float(done), float(score)) for done, score in told.get("curve", ())],
            checkpoint=left and Checkpoint(self._absolute(left["path"]), float(left["progress"])),
            gone_on=bool(told.get("gone_on")),
            look=bool(told.get("look")),
        )
        begun = running and Running(tuple(running["folds"]), int(running["attempts"]))
        return Entry(trial, begun, float(told["elapsed"]))

    def _relative(self, path: str) -> str:
        return Path(path).resolve().relative_to(self._root).as_posix()

    def _absolute(self, name: Any) -> str:
        path = (self._root / str(name)).resolve()
        if not path.is_relative_to(self._root):  # weights are deleted when they are no longer needed
            raise ValueError(f"its weights {name!r} lie outside of the run")
        return str(path)
