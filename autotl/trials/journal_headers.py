"""Read the trials of a journal without their outputs.

Another process may write the journal at the same time.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from safetensors import SafetensorError, safe_open

from autotl import jsonio
from autotl.api import Arm, Record
from autotl.trials.journal import FORMAT, MALFORMED


@dataclass(frozen=True, slots=True)
class TrialHeader:
    """A trial as it was last written, without its outputs.

    Attributes:
        record: The trial; its score is the mean of its folds.
        running: The folds of its running job; None if no job was running.
        elapsed: Seconds of the budget that had been spent.
    """

    record: Record
    running: tuple[int, ...] | None
    elapsed: float

    @property
    def starts(self) -> bool:
        """Whether its first job is running: it has no result yet."""
        return self.running is not None and not self.record.folds


def read_headers(root: Path) -> list[TrialHeader]:
    """Return the trials of a run by number, without malformed files."""
    found = []
    for path in journal_files(root):
        with suppress(SafetensorError, OSError, *MALFORMED):
            found.append(read_header(path))
    return sorted(found, key=lambda each: each.record.number)


def journal_files(root: Path) -> list[Path]:
    """Return the files of the trials of the run in ``root``."""
    return sorted((root / "journal").glob("[!.]*.safetensors"))


def read_header(path: Path) -> TrialHeader:
    """Read one file of a journal.

    Raises:
        SafetensorError: The file is torn.
        OSError: The file cannot be read.
        ValueError: The content is of another format. Other errors of ``MALFORMED`` are raised too.
    """
    with safe_open(path, framework="numpy") as file:
        content = jsonio.parse((file.metadata() or {})["trial"])
    if content["format"] != FORMAT:
        raise ValueError(f"format must be {FORMAT} (got {content['format']!r})")
    running = content["running"]
    return TrialHeader(
        _record(content), running and tuple(map(int, running["folds"])), float(content["elapsed"])
    )


def _record(content: Mapping[str, Any]) -> Record:
    folds = content["folds"]
    return Record(
        number=int(content["number"]),
        arm=Arm(str(content["strategy"]), str(content["backbone"])),
        params=dict(content["params"]),
        default=bool(content["default"]),
        state=str(content["state"]),
        score=fmean(float(each["score"]) for each in folds) if folds else None,
        folds=len(folds),
        epochs=max((int(each["epochs"]) for each in folds), default=0),
        seconds=float(content["seconds"]),
        finished_at=float(content["finished_at"]),
        why=str(content["why"]),
        gone_on=bool(content.get("gone_on")),
        look=bool(content.get("look")),
        notes=tuple(map(str, content.get("notes", ()))),
    )
