"""Inspect a run folder: its scored trials, and its unreadable files."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
from safetensors import safe_open


def scored_trials(run: Path) -> set[str]:
    """Return the names of the scored trials in the journal."""
    found = set()
    for path in (run / "journal").glob("[!.]*.safetensors"):
        with safe_open(path, framework="numpy") as file:
            if json.loads((file.metadata() or {})["trial"])["folds"]:
                found.add(path.stem)
    return found


def broken_files(run: Path) -> Iterator[str]:
    """Yield a sentence for each unreadable file; temporary files with a leading dot are skipped."""
    for path in sorted(run.rglob("*")):
        if not path.is_file() or any(part.startswith(".") for part in path.relative_to(run).parts):
            continue
        read = READERS.get(path.suffix)
        if read is None:
            continue
        try:
            read(path)
        except Exception as error:  # any error of a reader is counted
            yield f"{path.relative_to(run)}: {type(error).__name__}: {error}"


def _safetensors(path: Path) -> None:
    with safe_open(path, framework="numpy") as file:
        for name in file.keys():  # noqa: SIM118 - not a mapping
            file.get_tensor(name)


def _database(path: Path) -> None:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        (result,) = database.execute("pragma integrity_check").fetchone()
    if result != "ok":
        raise ValueError(result)


READERS: dict[str, Callable[[Path], object]] = {
    ".json": lambda path: json.loads(path.read_text(encoding="utf-8")),
    ".csv": pd.read_csv,
    ".html": lambda path: path.read_text(encoding="utf-8").index("</html>"),
    ".safetensors": _safetensors,
    ".db": _database,
}
