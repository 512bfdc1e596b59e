"""Where a search is kept: the store that MLflow's variables name, else one in the run folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from urllib.request import url2pathname

from mlflow import MlflowClient

FILE = "mlflow.json"
"""In the run folder: the run that a resumed search goes on with, and its store."""


def store(folder: Path) -> tuple[MlflowClient, bool]:
    """The store, and whether it is the run folder's own.

    Without variables it is the one that the run was begun in, by another process that had them.
    """
    if uri := os.environ.get("MLFLOW_TRACKING_URI"):
        return MlflowClient(uri), False
    begun = _read(folder)
    if isinstance(uri := begun.get("store"), str):
        os.chdir(str(begun.get("cwd", ".")))  # what the store's name may be relative to
        return MlflowClient(uri), False
    os.chdir(folder)  # a path in a URL would have to be quoted, and how depends on the store
    return MlflowClient("sqlite:///mlflow.db"), True


def run(folder: Path) -> str | None:
    """The id of the run that was begun for the folder's search."""
    found = _read(folder).get("run")
    return found if isinstance(found, str) else None


def remember(folder: Path, run: str, *, own: bool) -> None:
    """Keep which run it is, for when the search is resumed. No password is kept."""
    about: dict[str, Any] = {"run": run}
    if not own:
        about |= {
            "store": _without_password(os.environ.get("MLFLOW_TRACKING_URI", "")),
            "cwd": str(Path.cwd()),
        }
    part = folder / f".{FILE}.part"
    part.write_text(json.dumps(about), encoding="utf-8")
    part.replace(folder / FILE)


def artifacts(folder: Path) -> str:
    """Where artifacts go when the store is in the run folder."""
    return (folder.resolve() / "mlartifacts").as_uri()


def lies_in(uri: str, folder: Path) -> bool:
    """Whether a place of artifacts lies in the folder."""
    place = Path(url2pathname(urlsplit(uri).path))
    return place.resolve().is_relative_to(folder.resolve())


def _read(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _without_password(uri: str) -> str:
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if "@" in parts.netloc else uri
