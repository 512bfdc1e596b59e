"""Tell a folder that holds several networks from one that holds a single one."""

from __future__ import annotations

from pathlib import Path

ENSEMBLE_FILE = "ensemble.json"
MEMBERS = "members"


def is_ensemble(folder: Path) -> bool:
    """Whether a model folder holds networks that answer together, each in a timm folder of its own."""
    return (folder / ENSEMBLE_FILE).is_file()


def ensemble_advice(folder: Path) -> str:
    """What to say where one network is needed and several were given."""
    return (
        f"{folder} is an ensemble of several. Give one of its networks, a timm folder each, such as "
        f"{folder / MEMBERS / '0'}; or fit without --ensemble."
    )
