"""Keep the runs of an estimator."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from autotl.errors import RunError


@contextmanager
def new_run_folder(out: str | Path | None) -> Iterator[Path]:
    """Yield an empty folder, and remove it if the block fails.

    Cross-validation fits an estimator several times, maybe in several processes. Each fit therefore has
    its own folder: ``fit-1``, ``fit-2`` and so on.

    Args:
        out: The folder that keeps runs; None for a temporary folder.

    Raises:
        RunError: The folder cannot be created.
    """
    folder = Path(tempfile.mkdtemp(prefix="autotl-")) if out is None else _numbered(Path(out))
    try:
        yield folder
    except BaseException:
        if out is None:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            with suppress(OSError):  # not empty: the run stays, and can be resumed
                folder.rmdir()
        raise


def _numbered(out: Path) -> Path:
    try:
        out.mkdir(parents=True, exist_ok=True)
        for number in count(1):
            folder = out / f"fit-{number}"
            with suppress(FileExistsError):  # another fit has it
                folder.mkdir()
                return folder
    except OSError as error:
        raise RunError(
            f"out must be a folder that can be written (got {out}: {error.strerror}). Give another folder."
        ) from error
    raise AssertionError("count() has no end")
