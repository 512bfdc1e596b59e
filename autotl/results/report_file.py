"""Read the report of a run folder, and check it for wrong edits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autotl import jsonio
from autotl.backbone import CONFIG_FILE, ENSEMBLE_FILE
from autotl.errors import RunError

REPORT_FILE = "report.json"
ADVICE = "Restore the file, or copy the run folder again as a whole."


@dataclass(frozen=True, slots=True)
class _Verdict:
    sentence: str | None = None
    strategy: str | None = None
    backbone: str | None = None
    caveat: str | None = None


@dataclass(frozen=True, slots=True)
class _Test:
    metric: str | None = None
    value: float | None = None
    ci95: tuple[float | None, float | None] | None = None
    higher_is_better: bool | None = None
    confusion: tuple[tuple[int, ...], ...] | None = None
    per_class: tuple[Mapping[str, Any] | None, ...] | None = None


@dataclass(frozen=True, slots=True)
class _Arm:
    strategy: str | None = None
    backbone: str | None = None
    best_val: float | None = None
    test: float | None = None
    ci95: tuple[float | None, float | None] | None = None
    trials: int | None = None
    folds: int | None = None
    seconds: float | None = None
    state: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Report:
    """The parts of a report that code reads; each may be missing or null."""

    name: str | None = None
    classes: tuple[str, ...] | None = None
    verdict: _Verdict | None = None
    test: _Test | None = None
    arms: tuple[_Arm | None, ...] | None = None
    trials: tuple[Mapping[str, Any] | None, ...] | None = None
    notes: tuple[str, ...] | None = None
    seed: int | None = None
    what: Mapping[str, Any] | None = None
    when: Mapping[str, Any] | None = None
    quality: Mapping[str, Any] | None = None
    environment: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class _Model:
    label_names: tuple[str, ...]


def is_finished(folder: Path) -> bool:
    """Return whether the folder holds the report of a finished run."""
    return (folder / REPORT_FILE).is_file()


def read_report(folder: Path) -> dict[str, Any]:
    """Read the report of a run folder; make a minimal one if only a model was saved.

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
    report = _read(path)
    if report.get("format") != jsonio.FORMAT:
        written = report.get("environment")
        by = written.get("autotl") if isinstance(written, dict) else None
        raise RunError(
            f"{path} has format {report.get('format')!r}, but this autotl reads format {jsonio.FORMAT}. "
            f"Use the autotl that wrote it: {by or 'unknown version'}."
        )
    _check(report, _Report, path)
    return report


def _read(path: Path) -> dict[str, Any]:
    try:
        document = jsonio.read(path)
    except (ValueError, OSError) as error:
        raise RunError(f"{path} is not readable JSON: {error}. {ADVICE}") from error
    return document if isinstance(document, dict) else {}


def _check(document: Mapping[str, Any], kind: type[Any], path: Path) -> None:
    try:
        jsonio.as_type(document, kind)
    except ValueError as error:
        raise RunError(f"{path} was edited: {error}. {ADVICE}") from error


def _unfinished(folder: Path, file: Path) -> dict[str, Any]:
    """Return a minimal report of a killed run with a model."""
    config = _read(file)
    _check(config, _Model, file)
    sentence = "The run did not finish: its best model so far is here, but it was not evaluated."
    return {
        "format": jsonio.FORMAT,
        "name": folder.name,
        "classes": config["label_names"],
        "verdict": {"transfer": None, "strategy": None, "backbone": None, "sentence": sentence},
        "test": {"metric": "accuracy"},
        "arms": [],
        "trials": [],
        "seed": 0,
        "notes": [sentence],
    }
