"""Describe the inputs in ``report.json``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from autotl.api import ModalityName
from autotl.modalities import modality_named


def inputs(name: ModalityName) -> dict[str, Any]:
    """Return the parts ``modality`` and ``inputs``."""
    modality = modality_named(name)
    return {"modality": modality.name, "inputs": {"noun": modality.noun, **asdict(modality.words)}}
