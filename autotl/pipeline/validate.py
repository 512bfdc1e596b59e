"""Check what a call asks for, and find what it names."""

from __future__ import annotations

import multiprocessing
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autotl import plugins, progress, terminal
from autotl.api import Columns, Executor, Strategy, Watch
from autotl.cache import size
from autotl.clock import Budget, Clock, WallClock, seconds, waited
from autotl.config.limits import Limits, limits_of
from autotl.config.run_config import CLEANING, RunConfig
from autotl.data import check_columns, check_path, check_share
from autotl.errors import RunError, UnknownName, WeightsError
from autotl.metrics import OwnMetric
from autotl.metrics import metric as metric_of

AUTO = "auto"
"""Stands for the executor that suits the number of workers."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A call whose arguments are checked, and what they name; its time began at ``begun``, on the clock."""

    setup: RunConfig
    catalog: plugins.Catalog
    strategies: Mapping[str, Strategy]
    executor: Executor
    watch: Watch
    clock: Clock
    begun: float
    notes: tuple[str, ...] = ()


def opened(asked: Mapping[str, Any], *, of_those_left: bool = False) -> Opened:
    """Check the arguments of ``fit``; raises the errors of :mod:`autotl.errors`.

    ``of_those_left``: strategies and plugins that are named but not installed any more are passed over.
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise RunError(
            "autotl.fit was called while a worker process imported your script. Put the call, and what else "
            "the script does, under: if __name__ == '__main__':"
        )
    clock = WallClock()
    begun = clock.now() - waited()
    executor = _executor(asked["executor"], asked["workers"], asked["processes"])
    setup = setup_of(
        asked["data"],
        asked["backbone"],
        asked["source"],
        asked["budget"],
        asked["trials"],
        asked["metric"],
        asked["image_size"],
        asked["test"],
        Columns(asked["image"], asked["label"], asked["group"]),
        asked["device"],
        asked["seed"],
        asked["cache"],
        asked["processes"],
        clean=asked["clean"],
        reweight=asked["reweight"],
        all_backbones=asked["all_backbones"],
        experience=asked["experience"],
        curves=asked["curves"],
        ensemble=asked["ensemble"],
        workers=asked["workers"],
        limits=limits_of(asked["max_latency"], asked["max_size"]),
    )
    without, named = list(asked["without"]), asked["strategies"]
    named = [named] if isinstance(named, str) else list(named)
    gone: list[str] = []
    if of_those_left and without:
        known = plugins.load().names()
        without = [name for name in without if name in known]
    catalog = plugins.load(without=without)
    if of_those_left:
        gone = [name for name in named if name not in catalog.strategies.items]
        named = [name for name in named if name not in gone] or named
    strategies, place = catalog.strategies.pick(named), catalog.executors[executor]
    watch = terminal.watch(clock) if asked["watch"] is None else asked["watch"]
    with progress.watched_by(watch, stay=True):
        progress.doing("loading PyTorch")
        setup = on_device(setup)
    return Opened(
        replace(setup, storage=asked["storage"]),
        catalog,
        strategies,
        place,
        watch,
        clock,
        begun,
        tuple(f"The strategy {name} is not installed any more: its trials stay." for name in gone),
    )


def _executor(name: str, workers: int, processes: int) -> str:
    """The executor to use. Raises RunError where it cannot run so many trials at once."""
    if workers < 1:
        raise RunError(f"{workers} workers cannot run anything. Give --workers 1 or more.")
    if workers > 1 and processes > 1:
        raise RunError(
            "Trials can run side by side (--workers), or each in several processes (--processes), not both. "
            "Give one of them, and the other as 1."
        )
    if name == AUTO:
        return "processes" if workers > 1 else "serial"
    if name == "serial" and workers > 1:
        raise RunError(
            f"The executor 'serial' runs one trial at a time, not {workers}. Give --executor auto, or "
            "--workers 1."
        )
    return name


def setup_of(
    data: Any,
    backbone: str | Path | Sequence[str | Path],
    source: Any,
    budget: str | float | None,
    trials: int | None,
    measure: str | OwnMetric,
    image_size: int | None,
    test: float,
    columns: Columns,
    device: str,
    seed: int,
    cache: str | int | None = None,
    processes: int = 1,
    *,
    clean: str = "report",
    reweight: bool = False,
    all_backbones: bool = False,
    thorough: bool = False,
    experience: bool = True,
    curves: bool = False,
    ensemble: bool = False,
    workers: int = 1,
    limits: Limits | None = None,
) -> RunConfig:
    """What ``fit`` and ``analyze`` are asked for, checked as far as that needs neither images nor torch.

    :func:`on_device` checks the device later, because that needs torch.
    """
    if clean not in CLEANING:
        raise UnknownName("way of cleaning", clean, CLEANING)
    check_share(test)
    check_path(data)
    check_columns(data, columns)
    _check_device(device)
    names = [backbone] if isinstance(backbone, str | Path) else list(backbone)
    for name in names:
        if Path(name).is_file():
            raise WeightsError(
                f"The backbone {name} is a file. Give the folder that holds it and its config.json: "
                f"{Path(name).parent}"
            )
    return RunConfig(
        data=data,
        budget=Budget(None if budget is None else seconds(budget), trials),
        backbones=tuple(map(str, names)) or ("auto",),
        source=source,
        columns=columns,
        metric=metric_of(measure),
        image_size=image_size,
        test=test,
        device=device,
        processes=processes,
        cache=None if cache in (None, "off") else size(cache),
        reuse=cache != "off",
        clean=clean,
        reweight=reweight,
        all_backbones=all_backbones,
        thorough=thorough,
        experience=experience,
        curves=curves,
        ensemble=ensemble,
        workers=workers,
        limits=limits or Limits(),
        seed=seed,
    )


def _check_device(name: str) -> None:
    """Raise UnknownName if no machine has a device of that name."""
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", name):
        raise UnknownName("device", name, ("auto", "cpu", "cuda", "cuda:0", "mps"))


def on_device(setup: RunConfig) -> RunConfig:
    """The same on a device that is there. Raises UnknownName and RunError if it or its processes are not."""
    from autotl.training import check_processes, pick_device

    device = pick_device(setup.device)
    check_processes(setup.processes, device)
    return replace(setup, device=device)
