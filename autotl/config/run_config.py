"""What the user asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from autotl.api import Columns
from autotl.clock import Budget
from autotl.config.limits import Limits
from autotl.metrics import METRICS, Metric

CLEANING = ("report", "drop", "weight")


@dataclass(frozen=True, slots=True)
class RunConfig:
    """What the user asked for. ``backbones`` are names or folders; ``("auto",)`` lets autotl choose.
    ``processes`` train each network together; ``cache`` is the bytes that kept images and activations may
    take (None: as there is room); without ``reuse`` no activations are kept. With ``all_backbones`` none is
    set aside before training. ``thorough`` measures every score, however long it takes. ``clean`` is one of
    CLEANING; ``reweight``, ``experience``, ``curves``, ``ensemble`` and ``workers`` are as in
    :func:`autotl.fit`;
    ``limits`` are what the delivered network may take. ``storage`` may hold a password.
    """

    data: Any
    budget: Budget
    backbones: tuple[str, ...] = ("auto",)
    source: Any = None
    columns: Columns = field(default_factory=Columns)
    metric: Metric = METRICS["accuracy"]
    image_size: int | None = None
    test: float = 0.2
    device: str = "cpu"
    processes: int = 1
    cache: int | None = None
    reuse: bool = True
    clean: str = "report"
    reweight: bool = False
    all_backbones: bool = False
    thorough: bool = False
    experience: bool = True
    curves: bool = False
    ensemble: bool = False
    workers: int = 1
    limits: Limits = field(default_factory=Limits)
    seed: int = 0
    storage: str | None = field(default=None, repr=False)
