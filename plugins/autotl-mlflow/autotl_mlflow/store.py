"""Find the MLflow store of a search: from MLflow's variables, or in the run folder."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from urllib.request import url2pathname

from mlflow import MlflowClient

FILE = "mlflow.json"
"""File in the run folder with the MLflow run and its store, for a resumed search."""


def open_store(folder: Path) -> tuple[MlflowClient, bool]:
    """Return the store, and whether it is in the run folder.

    Without variables, a resumed search uses the store of the process that started it.
    """
    if uri := os.environ.get("MLFLOW_TRACKING_URI"):
        return MlflowClient(uri), False
    saved = _read(folder)
    if isinstance(uri := saved.get("store"), str):
        os.chdir(str(saved.get("cwd", ".")))  # the URI can be relative to it
        return MlflowClient(uri), False
    os.chdir(folder)  # for a relative URI, because quoting of paths depends on the store
    return MlflowClient("sqlite:///mlflow.db"), True


def saved_run(folder: Path) -> str | None:
    """Return the MLflow run id of the search in a run folder, or None."""
    found = _read(folder).get("run")
    return found if isinstance(found, str) else None


def save_run(folder: Path, run: str, *, own: bool) -> None:
    """Save the run id and the store, without passwords, for a resumed search.

    Args:
        folder: The run folder.
        run: The run id.
        own: Whether the store is in the run folder.
    """
    content: dict[str, Any] = {"run": run}
    if not own:
        content |= {
            "store": _without_password(os.environ.get("MLFLOW_TRACKING_URI", "")),
            "cwd": str(Path.cwd()),
        }
    part = folder / f".{FILE}.part"
    part.write_text(json.dumps(content), encoding="utf-8")
    part.replace(folder / FILE)


def artifact_uri(folder: Path) -> str:
    """Return the URI of artifacts for a store in the run folder."""
    return (folder.resolve() / "mlartifacts").as_uri()


def is_inside(uri: str, folder: Path) -> bool:
    """Return whether the URI is a path inside the folder."""
    path = Path(url2pathname(urlsplit(uri).path))
    return path.resolve().is_relative_to(folder.resolve())


def _read(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _without_password(uri: str) -> str:
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])) if "@" in parts.netloc else uri
