"""Name how much work a run is to do: quick, balanced or best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from autotl.errors import UnknownName


@dataclass(frozen=True, slots=True)
class Preset:
    """What a preset sets: arguments of :func:`autotl.fit` of the same names.

    ``budget`` is wall-clock time, and holds where the call gives neither a budget nor a number of trials.
    """

    budget: str
    all_backbones: bool = False
    curves: bool = False


BALANCED = "balanced"
PRESETS: Mapping[str, Preset] = {
    "quick": Preset(budget="1m"),
    BALANCED: Preset(budget="5m"),
    "best": Preset(budget="30m", all_backbones=True, curves=True),
}


def with_preset(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of ``fit``, those left at None taken from their ``preset``; what was given stays.

    A number of trials is a limit of its own, so that no budget is added to it. Raises UnknownName.
    """
    name = asked["preset"]
    if name not in PRESETS:
        raise UnknownName("preset", str(name), PRESETS)
    found = dict(asked)
    for each, value in asdict(PRESETS[name]).items():
        limited = each == "budget" and asked["trials"] is not None
        if asked[each] is None and not limited:
            found[each] = value
    return found
