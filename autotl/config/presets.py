"""Name how much work a run does: quick, balanced or best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from autotl.config.run_config import Config
from autotl.errors import UnknownName


@dataclass(frozen=True, slots=True)
class Preset:
    """The values that a preset gives to options of :class:`autotl.config.run_config.SearchOptions`.

    ``budget`` is wall-clock time. It counts if the user gives neither a budget nor a number of trials.
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


def with_preset(config: Config) -> Config:
    """Fill the options that are None from the preset; given values stay.

    A number of trials is a limit on its own, so the preset adds no budget to it.

    Raises:
        UnknownName: There is no such preset.
    """
    name = config.search.preset
    if name not in PRESETS:
        raise UnknownName("preset", str(name), PRESETS)
    filled = {
        option: value
        for option, value in asdict(PRESETS[name]).items()
        if getattr(config.search, option) is None
        and not (option == "budget" and config.search.trials is not None)
    }
    return config.with_arguments(**filled)
