"""The journal of a run: a file for each trial."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
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
MALFORMED = (ValueError, KeyError, TypeError, AttributeError)
"""The errors that reading a malformed file raises."""
STATES = ("complete", "pruned", "stopped", "failed")


@dataclass(frozen=True, slots=True)
class StartedJob:
    """A job that has started and not ended.

    Attributes:
        folds: The folds that the trial runs on.
        attempts: How many processes have run the job, this one included.
    """

    folds: tuple[int, ...]
    attempts: int


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A trial as it was last written.

    Attributes:
        trial: The trial.
        started: Its running job; None if no job was running.
        elapsed: Seconds of the budget that had been spent.
    """

    trial: Trial
    started: StartedJob | None
    elapsed: float


def elapsed_seconds(root: Path) -> float:
    """Return the seconds that the run in ``root`` has spent."""
    found = 0.0
    for path in (root / "journal").glob("[!.]*.safetensors"):
        # Journal.read reports malformed files
        with suppress(SafetensorError, OSError, *MALFORMED), safe_open(path, framework="numpy") as file:
            found = max(found, float(jsonio.parse(file.metadata()["trial"])["elapsed"]))
    return found


class Journal:
    """The trials of a run, as safetensors files in its folder ``journal``.

    The tensors are the validation logits of each fold. All else is JSON in the metadata. Paths of weights are
    relative to the run folder, so that the folder can be moved.
    """

    def __init__(self, root: Path, elapsed: Callable[[], float]) -> None:
        self._root, self._elapsed = root.resolve(), elapsed
        self._folder = self._root / "journal"

    def write(self, trial: Trial, started: StartedJob | None = None) -> None:
        """Write the file of ``trial`` to the disk.

        Args:
            trial: The trial.
            started: Its running job, if there is one.

        Raises:
            DiskFull: The disk has no room for the file.
        """
        checkpoint = trial.checkpoint
        content = {
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
            "expected": trial.expected_fold_seconds,
            "barred": sorted(trial.excluded_folds),
            "side": trial.input_size,
            "folds": [
                {"fold": each.fold, "score": each.score, "seconds": each.seconds, "epochs": each.epochs}
                for each in trial.folds.values()
            ],
            "models": {fold: self._relative(path) for fold, path in trial.models.items()},
            "curve": trial.intermediate_scores,
            "checkpoint": checkpoint
            and {"path": self._relative(checkpoint.path), "progress": checkpoint.progress},
            "gone_on": trial.resumed,
            "look": trial.first_look,
            "notes": list(trial.notes),
            "running": started,
            "elapsed": self._elapsed(),
        }
        logits = {str(fold): np.ascontiguousarray(each.outputs) for fold, each in trial.folds.items()}
        data = save(logits, {"trial": json.dumps(jsonio.plain(content), allow_nan=False)})
        write_bytes(self._folder / f"{trial.number:04d}.safetensors", data)

    def read(self, labels: Sequence[NDArray[Any]], classes: int) -> tuple[list[JournalEntry], list[str]]:
        """Read all trials.

        Args:
            labels: The encoded validation targets of each fold.
            classes: The number of classes, labels or numbers.

        Returns:
            The trials by number, and one sentence on each file that is malformed or of another run.
        """
        entries, faults = [], []
        for path in sorted(self._folder.glob("*.safetensors")):
            if path.name.startswith("."):  # a killed process had not yet renamed it
                path.unlink(missing_ok=True)
                continue
            try:
                entries.append(self._entry(path, labels, classes))
            except (SafetensorError, OSError, *MALFORMED) as error:
                faults.append(
                    f"The journal file {path.name} cannot be read, so its trial is left out: "
                    f"{type(error).__name__}: {error}"
                )
        return sorted(entries, key=lambda entry: entry.trial.number), faults

    def _entry(self, path: Path, labels: Sequence[NDArray[Any]], classes: int) -> JournalEntry:
        with safe_open(path, framework="numpy") as file:
            content = jsonio.parse((file.metadata() or {})["trial"])
            if content["format"] != FORMAT:
                raise ValueError(f"format must be {FORMAT} (got {content['format']!r})")
            folds = {
                each["fold"]: FoldScore(
                    int(each["fold"]),
                    float(each["score"]),
                    file.get_tensor(str(each["fold"])),
                    float(each["seconds"]),
                    int(each["epochs"]),
                )
                for each in content["folds"]
            }
        for each in folds.values():
            shape = (len(labels[each.fold]), classes) if each.fold in range(len(labels)) else None
            if each.outputs.shape != shape:
                raise ValueError(
                    f"logits of fold {each.fold} must have shape {shape} (got {each.outputs.shape})"
                )
        if path.name != f"{int(content['number']):04d}.safetensors" or content["state"] not in STATES:
            raise ValueError("it is not a trial of this run")
        started = content["running"]
        return JournalEntry(
            self._trial(content, folds),
            started and StartedJob(tuple(started["folds"]), int(started["attempts"])),
            float(content["elapsed"]),
        )

    def _trial(self, content: Mapping[str, Any], folds: dict[int, FoldScore]) -> Trial:
        checkpoint = content.get("checkpoint")
        return Trial(
            number=int(content["number"]),
            arm=Arm(str(content["strategy"]), str(content["backbone"])),
            params=dict(content["params"]),
            seed=int(content["seed"]),
            default=bool(content["default"]),
            folds=folds,
            state=content["state"],
            seconds=float(content["seconds"]),
            why=str(content["why"]),
            models={int(fold): self._absolute(name) for fold, name in content["models"].items()},
            input_size=int(content["side"]),
            finished_at=float(content["finished_at"]),
            baseline=bool(content["baseline"]),
            expected_fold_seconds=content["expected"],
            excluded_folds=frozenset(content["barred"]),
            # journals of earlier versions lack the following keys
            intermediate_scores=[(float(done), float(score)) for done, score in content.get("curve", ())],
            checkpoint=checkpoint
            and Checkpoint(self._absolute(checkpoint["path"]), float(checkpoint["progress"])),
            resumed=bool(content.get("gone_on")),
            first_look=bool(content.get("look")),
            notes=tuple(map(str, content.get("notes", ()))),
        )

    def _relative(self, path: str) -> str:
        return Path(path).resolve().relative_to(self._root).as_posix()

    def _absolute(self, name: Any) -> str:
        path = (self._root / str(name)).resolve()
        if not path.is_relative_to(self._root):  # the search deletes weights, so it must not leave the folder
            raise ValueError(f"weights must be inside the run folder (got {name!r})")
        return str(path)
