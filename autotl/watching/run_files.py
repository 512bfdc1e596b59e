"""Follow a run of another process by the files in its folder."""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

from autotl import jsonio
from autotl.api import Arm, Record, TargetKind, TargetSpec
from autotl.cache.lock import is_abandoned
from autotl.clock import format_duration, parse_duration
from autotl.errors import BudgetError
from autotl.metrics import METRICS_OF
from autotl.report import Measure, Report, format, measure_of, parse
from autotl.report.kinds.words import words
from autotl.results import RUN_FILE, RunFile, read_run_file
from autotl.targets import target_of
from autotl.trials.journal_headers import TrialHeader, journal_files, read_header
from autotl.watching.file_cache import FileCache
from autotl.watching.run_content import RunContent, RunMoment, RunState
from autotl.watching.run_names import name_of, report_of

LOCK = ".lock"
"""The file whose lock the process of a run holds."""
CHECK_SECONDS = 5.0
"""Seconds between two checks if the process of the run is alive.

A check takes the run's lock for a moment, in which a resumed run could not start.
"""


class RunFolderSource:
    """The source of the page of a run in a folder.

    It only reads the folder. The process of the run may be another one, or be gone.
    """

    def __init__(self, folder: Path, *, now: Callable[[], float] = time.time) -> None:
        """``now`` returns seconds since the epoch, like the times of files."""
        self._folder, self._now = folder.resolve(), now
        self._files = FileCache()
        self._checked: tuple[float, bool] | None = None
        self._checking = Lock()  # two checks at once would each find the lock of the run taken

    def content(self) -> RunContent:
        """Return the trials, arms and notes."""
        folder, file = self._folder, self._run_file()
        if file is None:
            return RunContent(name=folder.name, folder=folder, state="failed")
        headers, state = self._headers(), self._state(file)
        ended = state in ("finished", "interrupted")
        report = self._files.read(folder / "report.json", _report) if ended else None
        measure = report.measure if report is not None else self._measure(file)
        arms, skipped = _arms(file, headers)
        return RunContent(
            name=name_of(file, folder),
            folder=folder,
            state=state,
            goal=self._goal(file),
            measure=measure,
            arms=arms,
            skipped=skipped,
            records=tuple(self._records(headers, measure)),
            notes=() if report is None else report.notes,
            verdict=(report.verdict.sentence or "") if report is not None else "",
            report=report_of(folder) if ended else None,
        )

    def moment(self) -> RunMoment:
        """Return the current step and the time that the files tell."""
        file = self._run_file()
        if file is None or file.ended is not None:
            return RunMoment(seconds=None if file is None else file.elapsed)
        headers, alive = self._headers(), self._is_alive()
        seconds, budget = self._seconds(headers, alive=alive), _budget(file)
        left = None if budget is None or not alive else max(0.0, budget - seconds)
        return RunMoment(_step(headers, self._noun()) if alive else "", seconds, left)

    def _run_file(self) -> RunFile | None:
        return self._files.read(self._folder / RUN_FILE, lambda path: read_run_file(path.parent))

    def _headers(self) -> list[TrialHeader]:
        found = (self._files.read(path, read_header) for path in journal_files(self._folder))
        return sorted((each for each in found if each is not None), key=lambda each: each.record.number)

    def _state(self, file: RunFile) -> RunState:
        if file.ended is not None:
            return file.ended
        return "running" if self._is_alive() else "stopped"

    def _is_alive(self) -> bool:
        """Return whether a process holds the lock of the run."""
        with self._checking:
            now = self._now()
            if self._checked is None or not 0 <= now - self._checked[0] < CHECK_SECONDS:
                lock = self._folder / LOCK
                self._checked = now, lock.is_file() and not is_abandoned(lock)
            return self._checked[1]

    def _seconds(self, headers: Sequence[TrialHeader], *, alive: bool) -> float:
        """Return the time that the run has used.

        The journal has it at each change of a trial. The lock has the time of the last start.
        """
        known = max((each.elapsed for each in headers), default=0.0)
        if not alive:
            return known
        written = map(_written_at, (self._folder / LOCK, *journal_files(self._folder)))
        now = self._now()
        return known + max(0.0, now - max((each for each in written if each is not None), default=now))

    def _records(self, headers: Sequence[TrialHeader], measure: Measure) -> list[Record]:
        """Return the trials with a result; scores that were adjusted to common folds come first."""
        known = self._files.read(self._folder / "trials.csv", _scores) or {}
        records = [each.record for each in headers if not each.starts]
        return [
            replace(record, score=measure.merit(known[record.number])) if record.number in known else record
            for record in records
        ]

    def _measure(self, file: RunFile) -> Measure:
        """Return the format of the run's metric; that of the target if the user named none."""
        kind, named = self._kind(), file.arguments.get("metric")
        name = named if isinstance(named, str) else target_of(TargetSpec(kind, ())).default_metric
        metric = METRICS_OF[kind].get(name)
        higher = metric is None or metric.higher_is_better
        return measure_of(name, higher_is_better=higher, percent=metric is not None and metric.percent)

    def _goal(self, file: RunFile) -> str:
        when, parts = _part(self._profile(), "when"), []
        if isinstance(images := when.get("n_train"), int):
            parts.append(format.count(images, f"training {self._noun()}"))
        if isinstance(outputs := when.get("n_classes"), int):
            named = words(self._kind())
            parts.append(format.count(outputs, named.one, named.several))
        if (budget := _budget(file)) is not None:
            parts.append(format_duration(budget))
        if isinstance(trials := file.arguments.get("trials"), int):
            parts.append(format.count(trials, "trial"))
        return " · ".join(parts)

    def _kind(self) -> TargetKind:
        found = _part(self._profile(), "target").get("kind")
        return next((kind for kind in METRICS_OF if kind == found), "single_label")

    def _noun(self) -> str:
        noun = _part(self._profile(), "inputs").get("noun")
        return noun if isinstance(noun, str) else "image"

    def _profile(self) -> Mapping[str, Any]:
        found = self._files.read(self._folder / "profile.json", jsonio.read)
        return found if isinstance(found, dict) else {}


def _part(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = document.get(key)
    return part if isinstance(part, dict) else {}


def _written_at(path: Path) -> float | None:
    """Return the time of the last change of a file; None if it has just been removed."""
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def _report(path: Path) -> Report:
    return parse(jsonio.read(path))


def _scores(path: Path) -> dict[int, float]:
    """Return the scores in ``trials.csv`` by number, as reports show them."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(int(row["number"]), float(row["score"])) for row in csv.DictReader(file) if row["score"]]
    return {number: score for number, score in rows if math.isfinite(score)}


def _budget(file: RunFile) -> float | None:
    given = file.arguments.get("budget")
    try:
        return parse_duration(given) if isinstance(given, str | int | float) else None
    except BudgetError:
        return None


def _arms(
    file: RunFile, headers: Sequence[TrialHeader]
) -> tuple[tuple[Arm, ...], tuple[tuple[Arm, str], ...]]:
    """Return the arms to search, and the others with the reasons."""
    arms: dict[Arm, str] = {}
    for each in file.forecasts or ():
        found = _part(each, "arm")
        arm = Arm(str(found.get("strategy", "?")), str(found.get("backbone", "?")))
        arms[arm] = str(each.get("not_started") or "")
    arms |= dict.fromkeys((each.record.arm for each in headers), "")
    left_out = tuple((arm, why) for arm, why in arms.items() if why)
    return tuple(arm for arm, why in arms.items() if not why), left_out


def _step(headers: Sequence[TrialHeader], noun: str) -> str:
    running = [each for each in headers if each.running is not None]
    if running:
        return "; ".join(
            f"trial {each.record.number} {each.record.arm} · {_folds(each.running or (), noun)}"
            for each in running
        )
    return "between trials, or after the last one" if headers else "preparing the search"


def _folds(folds: Sequence[int], noun: str) -> str:
    if not folds:
        return f"all {noun}s"
    numbers = ", ".join(str(fold + 1) for fold in folds)
    return f"fold {numbers}" if len(folds) == 1 else f"folds {numbers}"
