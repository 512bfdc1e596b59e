"""Choose and create the folder of a new run."""

from __future__ import annotations

import os
import re
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from autotl.cache import exclusive_lock
from autotl.errors import RunError
from autotl.results.run_file import is_run

RUNS_VARIABLE = "AUTOTL_RUNS"
"""The environment variable with the folder of runs, or "off" for temporary ones."""
DEFAULT_RUNS = "autotl-runs"
MAX_NAME_LENGTH = 60
MAX_FOLDERS_PER_SECOND = 999


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The existing folder of a new run.

    ``auto_named`` tells that autotl chose the name, and ``temporary`` that the folder is removed together
    with the result.
    """

    path: Path
    auto_named: bool = False
    temporary: bool = False

    def remove_if_empty(self) -> None:
        """Remove the folder and its parent if auto-named and empty."""
        if self.auto_named:
            with suppress(OSError):  # not empty, or already removed
                self.path.rmdir()
                self.path.parent.rmdir()


def create_run_folder(out: str | Path | None, data: object, *, now: datetime | None = None) -> RunFolder:
    """Create the folder of a new run.

    Args:
        out: The folder that the user named. With None, the folder is created in ``AUTOTL_RUNS``, by default
            ``autotl-runs`` in the current folder.
        data: The user's data, which gives such a folder its name.
        now: The local time, which is part of this name; by default the current time.

    Returns:
        The folder. It is temporary if ``out`` is None and ``AUTOTL_RUNS`` is "off".

    Raises:
        RunError: The folder is in use or cannot be created.
    """
    if out is not None:
        check_unused(Path(out))
        return RunFolder(_create(Path(out)))
    runs = os.environ.get(RUNS_VARIABLE) or DEFAULT_RUNS
    if runs.lower() == "off":
        return RunFolder(Path(tempfile.mkdtemp(prefix="autotl-")), temporary=True)
    name = f"{_name_of(data)}-{now or datetime.now():%Y-%m-%d-%H%M%S}"
    for number in range(1, MAX_FOLDERS_PER_SECOND + 1):
        path = Path(runs).expanduser() / (name if number == 1 else f"{name}-{number}")
        with suppress(FileExistsError):  # another run started in the same second
            return RunFolder(_create(path, exist_ok=False), auto_named=True)
    raise RunError(
        f"{path} and {MAX_FOLDERS_PER_SECOND - 1} similar folders exist. Give --out (out=) a new folder."
    )


def check_unused(path: Path) -> None:
    """Raise RunError if the folder of a new run is not empty."""
    if is_run(path):
        with exclusive_lock(path / ".lock", str(path)):  # raises if the run is still at work
            raise RunError(
                f"{path} exists and is not empty: a run is in it. Resume it with: autotl resume {path} "
                "(resume=True). Or give --out a new folder."
            )
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise RunError(f"{path} exists and is not empty. Give --out a new folder, or remove this one.")


def _create(path: Path, *, exist_ok: bool = True) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=exist_ok)
    except OSError as error:
        if isinstance(error, FileExistsError) and not exist_ok and path.parent.is_dir():
            raise
        raise RunError(
            f"The run folder {path} cannot be created: {error.strerror}. "
            f"Give --out (out=) a writable folder, or set {RUNS_VARIABLE}."
        ) from error
    return path


def _name_of(data: object) -> str:
    """Return a folder name from the data's path or type."""
    if isinstance(data, str | os.PathLike):
        found = Path(os.path.realpath(os.fspath(data)))
        name = found.name if os.path.isdir(found) else found.stem  # noqa: PTH112 - false for a name too long
    else:
        name = "images" if isinstance(data, tuple | list) else type(data).__name__.lower()
    return re.sub(r"[^\w.-]+", "_", name)[:MAX_NAME_LENGTH].strip("._-") or "data"
