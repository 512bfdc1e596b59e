"""Read the report of a run folder.

It is checked for wrong edits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autotl import jsonio, report
from autotl.api import TargetKind, TargetSpec
from autotl.backbone import CONFIG_FILE, ENSEMBLE_FILE
from autotl.errors import RunError
from autotl.targets import target_of

REPORT_FILE = "report.json"
ADVICE = "Restore the file, or copy the run folder again as a whole."


@dataclass(frozen=True, slots=True)
class _Model:
    label_names: tuple[str, ...]
    target: TargetKind = "single_label"


def is_finished(folder: Path) -> bool:
    """Return whether the folder holds the report of a finished run."""
    return (folder / REPORT_FILE).is_file()


def read_report(folder: Path) -> dict[str, Any]:
    """Read the report of a run folder.

    Make a minimal report if only a model was saved.

    Raises:
        RunError: There is neither, or the report has another format or was edited wrongly.
    """
    path = folder / REPORT_FILE
    for name in (CONFIG_FILE, ENSEMBLE_FILE):
        if not path.is_file() and (folder / "model" / name).is_file():
            return _unfinished(folder, folder / "model" / name)
    if not path.is_file():
        raise RunError(
            f"{folder} is not a run folder: it holds no {REPORT_FILE}. "
            "Give the --out of a finished 'autotl fit'."
        )
    document = _read(path)
    if document.get("format") != jsonio.FORMAT:
        written = document.get("environment")
        by = written.get("autotl") if isinstance(written, dict) else None
        raise RunError(
            f"{path} has format {document.get('format')!r}, but this autotl reads format {jsonio.FORMAT}. "
            f"Use the autotl that wrote it: {by or 'unknown version'}."
        )
    with _refused(path):
        report.parse(document)
    return document


def _read(path: Path) -> dict[str, Any]:
    try:
        document = jsonio.read(path)
    except (ValueError, OSError) as error:
        raise RunError(f"{path} is not readable JSON: {error}. {ADVICE}") from error
    return document if isinstance(document, dict) else {}


@contextmanager
def _refused(path: Path) -> Iterator[None]:
    """Raise RunError instead of ValueError."""
    try:
        yield
    except ValueError as error:
        raise RunError(f"{path} was edited: {error}. {ADVICE}") from error


def _unfinished(folder: Path, file: Path) -> dict[str, Any]:
    """Return a minimal report of a killed run with a model."""
    config = _read(file)
    with _refused(file):
        model = jsonio.as_type(config, _Model)
    target = TargetSpec(model.target, model.label_names)
    sentence = "The run did not finish: its best model so far is here, but it was not evaluated."
    return {
        "format": jsonio.FORMAT,
        "name": folder.name,
        "target": jsonio.plain(target),
        "classes": config["label_names"],
        "verdict": {"transfer": None, "strategy": None, "backbone": None, "sentence": sentence},
        "test": {"metric": target_of(target).default_metric},
        "arms": [],
        "trials": [],
        "seed": 0,
        "notes": [sentence],
    }
