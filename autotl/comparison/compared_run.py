"""Open the run folders of a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from autotl.comparison.split_table import read_split
from autotl.errors import ArgumentError
from autotl.report import Report, format, parse
from autotl.results import Result, RunFile, is_finished, is_run, read_report, read_run_file

State = Literal["finished", "interrupted", "not finished"]


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """A run folder.

    Attributes:
        name: Its name, which no other run of the comparison has.
        folder: The path.
        state: "interrupted" if the run was ended early, and its best model was tested.
        report: The content of ``report.json``; empty if the run is not finished.
        file: The content of ``run.json``; None without one.
        split: The images of the run, as :func:`read_split` returns them; None if unknown.
    """

    name: str
    folder: Path
    state: State
    report: Report
    file: RunFile | None
    split: pd.DataFrame | None

    @property
    def shown(self) -> str:
        """The name in backticks, on one line."""
        return format.name(self.name)


def open_runs(runs: Sequence[str | Path | Result]) -> tuple[ComparedRun, ...]:
    """Open run folders.

    Args:
        runs: Two run folders or results, or more.

    Raises:
        ArgumentError: There are fewer, or something else is given.
        RunError: A folder holds no run.
    """
    folders = [_folder(run) for run in runs]
    if len(folders) < 2:
        raise ArgumentError(
            f"compare needs two runs or more (got {len(folders)}). Give their folders one after another."
        )
    return tuple(_open(folder, name) for folder, name in zip(folders, _names(folders), strict=True))


def _folder(run: object) -> Path:
    if isinstance(run, Result):
        return run.folder
    if isinstance(run, str | Path):
        return Path(run)
    raise ArgumentError(
        f"A run must be a run folder or a result (got a {type(run).__name__}). Give each run by itself: "
        "compare(first, second)."
    )


def _open(folder: Path, name: str) -> ComparedRun:
    file = read_run_file(folder) if is_run(folder) else None
    if not is_finished(folder):
        if file is None:
            read_report(folder)  # raises RunError, unless a model was saved
        return ComparedRun(name, folder, "not finished", Report(), file, read_split(folder))
    early = file is not None and file.ended == "interrupted"
    report = parse(read_report(folder))
    return ComparedRun(name, folder, "interrupted" if early else "finished", report, file, read_split(folder))


def _names(folders: Sequence[Path]) -> list[str]:
    """Return the folders' names; equal ones with their parent, and then with a number."""
    paths = [folder.absolute() for folder in folders]
    names = [path.name for path in paths]
    names = [
        f"{path.parent.name}/{name}" if names.count(name) > 1 else name
        for path, name in zip(paths, names, strict=True)
    ]
    return [
        f"{name} ({names[: place + 1].count(name)})" if names.count(name) > 1 else name
        for place, name in enumerate(names)
    ]
