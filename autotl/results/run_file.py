"""What a run was asked for and what it decided, kept in its folder so that it can be gone on with."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
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

    ``arguments`` are those of ``fit``, with ``data`` and ``source`` null where they were no paths. ``prior``
    and ``decided`` are what the preparation found, null before it ended. ``ended`` says how the run did, if
    it has, after ``elapsed`` seconds; ``tested`` how often the test part has been opened. ``plugins`` maps
    distributions to versions. ``name`` is what the run is called in a database.
    """

    arguments: Mapping[str, Any]
    autotl: str
    plugins: Mapping[str, str]
    decided: Mapping[str, Any] | None = None
    prior: Mapping[str, Any] | None = None
    ended: Literal["finished", "interrupted"] | None = None
    elapsed: float = 0.0
    tested: int = 0
    name: str = ""


def opened_before(times: int) -> list[str]:
    """What is to be said of a test part that had been opened so many times before."""
    if not times:
        return []
    return [
        f"The test part had been opened {'once' if times == 1 else f'{times} times'} before, when the run "
        "had ended earlier: what it showed then may have led to going on, so this score is no longer that of "
        "a single look."
    ]


def is_run(folder: Path) -> bool:
    """Whether a run was begun in the folder."""
    return (folder / RUN_FILE).is_file()


def write_run_file(folder: Path, file: RunFile) -> None:
    """Keep it. Raises DiskFull."""
    jsonio.write(folder / RUN_FILE, {"format": FORMAT, **jsonio.plain(file)})


def lasting_name(folder: Path) -> str:
    """A name that no other run has, and that stays when the folder is moved."""
    return f"{folder.absolute().name[:100]}-{uuid.uuid4().hex[:8]}"


def set_report_aside(folder: Path) -> None:
    """What an earlier end reported is no longer what the folder holds."""
    report = folder / "report.json"
    if report.is_file():
        report.replace(folder / "report.before.json")


def read_run_file(folder: Path) -> RunFile:
    """Raises RunError where there is none, or it is of another format."""
    path = folder / RUN_FILE
    if not path.is_file():
        raise RunError(
            f"{folder} cannot be resumed: it holds no {RUN_FILE}. Give the --out of an 'autotl fit' that was "
            "interrupted."
        )
    try:
        told = jsonio.read(path)
    except (ValueError, OSError) as error:
        raise RunError(f"{path} is not readable JSON, so the run cannot be resumed: {error}") from error
    found = told.get("format") if isinstance(told, dict) else None
    if found != FORMAT:
        raise RunError(
            f"{path} has format {found!r}, but this autotl reads format {FORMAT}. "
            "Use the autotl that wrote it."
        )
    try:
        return jsonio.as_type(told, RunFile)
    except ValueError as error:
        raise RunError(
            f"{path} was edited, or another version of autotl wrote it: {error}. Restore the file, or "
            "start a new run in another folder."
        ) from error
