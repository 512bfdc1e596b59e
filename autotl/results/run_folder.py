"""Choose and make the folder of a new run."""

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

RUNS = "AUTOTL_RUNS"
"""The environment variable that names the folder of runs, or "off" for temporary ones."""
DEFAULT_RUNS = "autotl-runs"
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of a new run, which exists.

    ``chosen``: autotl chose its name. ``temporary``: it is removed together with the result.
    """

    path: Path
    chosen: bool = False
    temporary: bool = False

    def leave(self) -> None:
        """Remove the folder if autotl chose it and nothing is in it; its parent too."""
        if self.chosen:
            with suppress(OSError):  # not empty, or already removed
                self.path.rmdir()
                self.path.parent.rmdir()


def new_folder(out: str | Path | None, data: object, *, now: datetime | None = None) -> RunFolder:
    """Make the folder of a new run.

    Args:
        out: The folder that the user named. None: one is made in ``AUTOTL_RUNS``, by default
            ``autotl-runs`` in the current folder.
        data: The user's data, which gives such a folder its name.
        now: The local time, which is part of the name as well; by default the clock is read.

    Returns:
        The folder. It is temporary if ``out`` is None and ``AUTOTL_RUNS`` is "off".

    Raises:
        RunError: The folder is in use or cannot be made.
    """
    if out is not None:
        check_unused(Path(out))
        return RunFolder(_made(Path(out)))
    runs = os.environ.get(RUNS) or DEFAULT_RUNS
    if runs.lower() == "off":
        return RunFolder(Path(tempfile.mkdtemp(prefix="autotl-")), temporary=True)
    name = f"{_name_of(data)}-{now or datetime.now():%Y-%m-%d-%H%M%S}"
    for number in range(1, 1000):
        path = Path(runs).expanduser() / (name if number == 1 else f"{name}-{number}")
        with suppress(FileExistsError):  # another run began in the same second
            return RunFolder(_made(path, exist_ok=False), chosen=True)
    raise RunError(f"{path} and 998 folders like it exist. Give --out (out=) a new folder.")


def check_unused(path: Path) -> None:
    """Raise RunError if anything is in the folder that is to hold a new run."""
    if is_run(path):
        with exclusive_lock(path / ".lock", str(path)):  # says so where it is still at work
            raise RunError(
                f"{path} exists and is not empty: a run is in it. Resume it with: autotl resume {path} "
                "(resume=True). Or give --out a new folder."
            )
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise RunError(f"{path} exists and is not empty. Give --out a new folder, or remove this one.")


def _made(path: Path, *, exist_ok: bool = True) -> Path:
    try:
        path.mkdir(parents=True, exist_ok=exist_ok)
    except OSError as error:
        if isinstance(error, FileExistsError) and not exist_ok and path.parent.is_dir():
            raise
        raise RunError(
            f"The run folder {path} cannot be made: {error.strerror}. "
            f"Give --out (out=) a folder that can be written, or set {RUNS}."
        ) from error
    return path


def _name_of(data: object) -> str:
    """A name for a folder: the data's file or folder without its ending, or the kind of the data."""
    if isinstance(data, str | os.PathLike):
        found = Path(os.path.realpath(os.fspath(data)))
        name = found.name if os.path.isdir(found) else found.stem  # noqa: PTH112 - false for a name too long
    else:
        name = "images" if isinstance(data, tuple | list) else type(data).__name__.lower()
    return re.sub(r"[^\w.-]+", "_", name)[:LONGEST_NAME].strip("._-") or "data"
