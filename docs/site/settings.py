"""List the settings of a strategy on an example: 500 photographs of five classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from autotl.api import (
    ROLES,
    AdditionalImages,
    Backbone,
    DataConfig,
    Pace,
    SourceClass,
    Stage,
    TargetSpec,
    Task,
    Weights,
)

CLASSES = ("daisy", "dandelion", "rose", "sunflower", "tulip")
TASK = Task(
    TargetSpec("single_label", CLASSES),
    dict.fromkeys(CLASSES, 100),
    320,
    backbones={"efficientnet_lite0": 3_400_000, "efficientnet_lite2": 4_900_000},
    additional={role: AdditionalImages(500, CLASSES) for role in ROLES},
)
STAGES = tuple(
    Stage(f"stage{number}", f"blocks.{number}", channels, 2 ** min(number + 1, 5), number / 7)
    for number, channels in enumerate((24, 40, 80, 112, 192, 320, 1280), start=1)
)
NETWORK = Backbone(
    name="efficientnet_lite0",
    architecture="efficientnet_lite0",
    origin="the example of the documentation",
    digest="",
    weights=Weights("efficientnet_lite0", "efficientnet_lite0", ""),
    stages=STAGES,
    features=1280,
    parameters=3_400_000,
    config=DataConfig(224, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), "bicubic", 0.875, "center", False),
    classes=(SourceClass("n1", ("daisy",)),),
    input_sizes=(96, 128, 160, 224),
    input_size=224,
    pace=Pace(224, 100.0, 33.0),
)


class Ranges:
    """A space that answers with the first value, and keeps the range of each setting."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def suggest_float(self, name: str, low: float, high: float, *, log: bool = False) -> float:
        """Keep the range of a number; return its lower end.

        Args:
            name: The setting.
            low: The smallest value.
            high: The largest value.
            log: Whether the scale is logarithmic.
        """
        self.found[name] = f"{low:g} to {high:g}" + (", log scale" if log else "")
        return low

    def suggest_int(self, name: str, low: int, high: int, *, log: bool = False) -> int:
        """Keep the range of a whole number; see :meth:`suggest_float`.

        Args:
            name: The setting.
            low: The smallest value.
            high: The largest value.
            log: Whether the scale is logarithmic.
        """
        return int(self.suggest_float(name, low, high, log=log))

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """Keep the choices; return the first."""
        shown = [_shown(each) for each in choices]
        self.found[name] = ", ".join(shown if len(shown) <= 8 else [*shown[:3], "…", shown[-1]])
        return choices[0]


def setting_rows(strategy: Any) -> list[tuple[str, str, str]]:
    """Return the name, the default and the searched values of each setting."""
    defaults, ranges = strategy.defaults(TASK, NETWORK), Ranges()
    strategy.suggest(ranges, TASK, NETWORK)
    return [(name, _shown(value), ranges.found.get(name, "")) for name, value in defaults.items()]


def _shown(value: Any) -> str:
    return f"`{value:.3g}`" if isinstance(value, float) else f"`{value}`"
