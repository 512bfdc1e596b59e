"""The objects that a modality gets and returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autotl.api.backbone import Backbone
from autotl.clock import Clock

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class InputWords:
    """Words and examples for sentences and reports.

    Attributes:
        unit: The unit of input sizes, such as ``"pixels"``.
        symbol: The unit in tables, such as ``"px"``.
        size: The name of the typical size, such as ``"median shorter side"``.
        copies: How two copies agree, such as ``"pixel by pixel"``.
        python: An expression of one or several inputs, such as ``'"photo.jpg"'``.
        shell: A file or folder of inputs, such as ``"photos/"``.
        loader: The arguments of ``load_model.py`` in the model folder, which then predicts without autotl; ""
            if timm opens the folder.
    """

    unit: str
    symbol: str
    size: str
    copies: str
    python: str
    shell: str
    loader: str = ""


@dataclass(frozen=True, slots=True)
class ReadingBudget:
    """The number of inputs to read, and how.

    Attributes:
        most: The largest number of inputs; None to derive it from ``seconds``.
        seconds: The time for reading; None for no limit.
        clock: Measures the time; None for the wall clock.
        threads: The number of threads; None for one per usable core.
        seed: The seed of a sample, which is drawn if not all inputs are read.
    """

    most: int | None = None
    seconds: float | None = None
    clock: Clock | None = None
    threads: int | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class NamedInput:
    """An input of a prediction, with its name.

    ``open`` returns what :meth:`InputView.transform` takes, and may raise any error.
    """

    name: str
    open: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class DeliveredNetwork:
    """A trained network that is written into a model folder.

    Attributes:
        model: The network; a head that is not linear has been removed and written.
        backbone: Its backbone.
        outputs: The outputs of the linear classifier; 0 without one.
        input_size: The size that the network was trained at.
        entries: Further entries of ``config.json``: the target with its names, and what predictions need.
    """

    model: nn.Module
    backbone: Backbone
    outputs: int
    input_size: int
    entries: Mapping[str, Any]
