"""The arguments and decisions of a run.

They are kept in its folder so that it can be resumed.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from autotl import jsonio
from autotl.errors import RunError

FORMAT = 1
RUN_FILE = "run.json"


@dataclass(frozen=True, slots=True)
class RunFile:
    """The content of ``run.json``.

    Attributes:
        arguments: The arguments of ``fit``; ``data`` and ``source`` are null if they were no paths.
        autotl: The version of autotl.
        plugins: Versions of the plugins' distributions.
        decided: The decisions of the preparation; None before it ended.
        prior: The results of earlier runs that the search used; None before the preparation ended.
        forecasts: The forecasts of the arms; None before the preparation ended, or in older runs.
        ended: How the run ended; None if it has not ended.
        elapsed: Seconds that the run took.
        tested: How often the test set was evaluated.
        name: The unique name of the run in a database.
    """

    arguments: Mapping[str, Any]
    autotl: str
    plugins: Mapping[str, str]
    decided: Mapping[str, Any] | None = None
    prior: Mapping[str, Any] | None = None
    forecasts: Sequence[Mapping[str, Any]] | None = None
    ended: Literal["finished", "interrupted"] | None = None
    elapsed: float = 0.0
    tested: int = 0
    name: str = ""


def repeated_test_notes(times: int) -> list[str]:
    """Return a note if the test set had been evaluated before."""
    if not times:
        return []
    return [
        f"The test set had been evaluated {'once' if times == 1 else f'{times} times'} before, when the run "
        "had ended earlier. That score may have led to resuming the run, so this test score is no longer "
        "independent."
    ]


def is_run(folder: Path) -> bool:
    """Return whether a run was started in the folder."""
    return (folder / RUN_FILE).is_file()


def write_run_file(folder: Path, file: RunFile) -> None:
    """Write ``run.json``. Raises DiskFull."""
    jsonio.write(folder / RUN_FILE, {"format": FORMAT, **jsonio.plain(file)})


def unique_name(folder: Path) -> str:
    """Return a unique name that does not change with the folder."""
    return f"{folder.absolute().name[:100]}-{uuid.uuid4().hex[:8]}"


def archive_report(folder: Path) -> None:
    """Rename the report of an earlier, interrupted run."""
    report = folder / "report.json"
    if report.is_file():
        report.replace(folder / "report.before.json")


def read_run_file(folder: Path) -> RunFile:
    """Read ``run.json``.

    Raises RunError if there is none or it has another format.
    """
    path = folder / RUN_FILE
    if not path.is_file():
        raise RunError(
            f"{folder} cannot be resumed: it holds no {RUN_FILE}. Give the --out of an 'autotl fit' that was "
            "interrupted."
        )
    try:
        document = jsonio.read(path)
    except (ValueError, OSError) as error:
        raise RunError(f"{path} is not readable JSON, so the run cannot be resumed: {error}") from error
    found = document.get("format") if isinstance(document, dict) else None
    if found != FORMAT:
        raise RunError(
            f"{path} has format {found!r}, but this autotl reads format {FORMAT}. "
            "Use the autotl that wrote it."
        )
    try:
        return jsonio.as_type(document, RunFile)
    except ValueError as error:
        raise RunError(
            f"{path} was edited, or another version of autotl wrote it: {error}. Restore the file, or "
            "start a new run in another folder."
        ) from error
