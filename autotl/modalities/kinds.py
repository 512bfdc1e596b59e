"""The modalities, by their names."""

from __future__ import annotations

from collections.abc import Mapping

from autotl.api import InputConfig, Modality
from autotl.errors import UnknownName
from autotl.modalities.image.modality import ImageModality
from autotl.modalities.text.modality import TextModality

MODALITIES: Mapping[str, Modality] = {each.name: each for each in (ImageModality(), TextModality())}


def modality_named(name: str) -> Modality:
    """Return the modality of this name. Raises UnknownName."""
    if name not in MODALITIES:
        raise UnknownName("modality", name, MODALITIES)
    return MODALITIES[name]


def modality_of(config: InputConfig) -> Modality:
    """Return the modality of a network's configuration."""
    return modality_named(config.modality)
