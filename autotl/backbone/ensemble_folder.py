"""Recognise model folders that hold an ensemble."""

from __future__ import annotations

from pathlib import Path

ENSEMBLE_FILE = "ensemble.json"
MEMBERS = "members"
"""The folder that holds a timm folder for each network."""


def is_ensemble(folder: Path) -> bool:
    """Return whether a model folder holds several networks that predict together."""
    return (folder / ENSEMBLE_FILE).is_file()


def ensemble_advice(folder: Path) -> str:
    """Return advice on an ensemble given for a single network."""
    return (
        f"{folder} is an ensemble of several. Give the folder of one of its networks, such as "
        f"{folder / MEMBERS / '0'}; or fit without --ensemble."
    )
