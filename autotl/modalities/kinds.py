"""Look up modalities by their names.

The plugins offer them. Configurations, weights and data sets name their modality, also in worker processes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from autotl.errors import UnknownName

if TYPE_CHECKING:
    from autotl.api import InputConfig, Modality, ModalityName


class _HasModality(Protocol):
    @property
    def modality(self) -> ModalityName: ...


Find = Callable[[], "Mapping[str, Modality]"]
"""Returns the installed modalities by name."""
_FIND: list[Find] = []


def find_modalities_by(find: Find) -> None:
    """Set the function that returns the installed modalities.

    The package autotl sets it on import, because this package does not use the plugin manager.
    """
    _FIND[:] = [find]


def modality_named(name: ModalityName) -> Modality:
    """Return the modality of this name. Raises UnknownName."""
    found = _FIND[0]()
    if name not in found:
        raise UnknownName("modality", name, found)
    return found[name]


def modality_of(config: InputConfig) -> Modality:
    """Return the modality of a network's configuration."""
    return modality_named(config.modality)


def noun_of(found: _HasModality) -> str:
    """Return the noun for inputs of a data set, task or model."""
    return modality_named(found.modality).noun
