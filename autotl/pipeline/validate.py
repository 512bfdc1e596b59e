"""Check the options of a call, and find the named plugins."""

from __future__ import annotations

import multiprocessing
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from autotl import plugins, progress, terminal
from autotl.api import Executor, Strategy, Watch
from autotl.clock import Clock, WallClock, seconds_since_start
from autotl.config.compute_options import ComputeOptions
from autotl.config.options import CLEANING
from autotl.config.run_config import RunConfig
from autotl.config.run_settings import RunSettings, columns_of, resolve
from autotl.data import check_columns, check_path, check_share
from autotl.errors import RunError, UnknownName, WeightsError
from autotl.pipeline.fixed_settings import fix_settings
from autotl.pipeline.services import Plugins
from autotl.preparation.additional.roles import given_roles, learnable

AUTO = "auto"
"""Stands for the executor that suits the number of workers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatedCall:
    """A call with checked options and the plugins that they name.

    Attributes:
        settings: The options, resolved; the device exists on this machine.
        catalog: The installed plugins.
        strategies: The strategies to search, by name.
        executor: The executor of trials.
        watch: The object that is informed of the progress.
        clock: The clock of the run.
        begun: The start of this call on the clock.
        started: The start of the run on the clock. A resumed run starts earlier, by the seconds that it has
            used.
        notes: Sentences for the report.
    """

    settings: RunSettings
    catalog: plugins.Catalog
    strategies: Mapping[str, Strategy]
    executor: Executor
    watch: Watch
    clock: Clock
    begun: float
    started: float
    notes: tuple[str, ...] = ()

    @property
    def plugins(self) -> Plugins:
        """The plugins that the stages use."""
        return Plugins.of(self.catalog, self.strategies)


def validate(config: RunConfig, watch: Watch | None, *, skip_missing: bool = False) -> ValidatedCall:
    """Check the options of ``fit`` before torch is imported.

    Args:
        config: The options, with the preset applied.
        watch: The object to inform of the progress; None for the default one.
        skip_missing: Whether named strategies and plugins may be missing, as in a resumed run.

    Raises:
        AutotlError: An error of :mod:`autotl.errors`.
    """
    _check_process()
    clock = WallClock()
    started = clock.now() - seconds_since_start()
    executor_name = _executor_name(config.compute)
    check_options(config)
    settings = resolve(config)
    catalog = _catalog(settings.search.without, skip_missing=skip_missing)
    strategies, notes = _strategies(catalog, settings.search.strategies, skip_missing=skip_missing)
    if not settings.search.strategies:
        strategies = learnable(strategies, given_roles(settings.data))
    executor = catalog.executors[executor_name]
    watch = terminal.watch(clock) if watch is None else watch
    with progress.watched_by(watch, stay=True):
        progress.report_progress("loading PyTorch")
        settings = on_device(settings)
    return ValidatedCall(
        settings=settings,
        catalog=catalog,
        strategies=fix_settings(strategies, settings.search.fixed, device=settings.device),
        executor=executor,
        watch=watch,
        clock=clock,
        begun=started,
        started=started,
        notes=notes,
    )


def check_options(config: RunConfig) -> None:
    """Check the options that need neither images nor torch.

    Raises:
        DataError: The data is not there, or the test fraction is no fraction.
        UnknownName: There is no such way of cleaning, column, kind of target or device.
        WeightsError: A backbone is a file instead of a folder.
    """
    data = config.data
    if data.clean not in CLEANING:
        raise UnknownName("way of cleaning", data.clean, CLEANING)
    check_share(data.test)
    check_path(data.data)
    check_path(data.unlabelled)
    check_path(data.source)
    check_path(data.deploy)
    check_columns(data.data, columns_of(config))
    _check_device(config.compute.device)
    for name in config.model.backbone:
        if Path(name).is_file():
            raise WeightsError(
                f"backbone must be a folder with weights and a config.json (got the file {name}). Give the "
                f"folder that holds it: {Path(name).parent}"
            )


def on_device(settings: RunSettings) -> RunSettings:
    """Return the settings with a device of this machine.

    Raises:
        UnknownName: The device is not there.
        RunError: The device cannot run so many processes.
    """
    from autotl.training import check_processes, pick_device

    device = pick_device(settings.device)
    check_processes(settings.compute.processes, device)
    return replace(settings, device=device)


def _check_process() -> None:
    """Raise RunError if a worker process imports the user's script."""
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise RunError(
            "autotl was called while a worker process imported your script. Put the call, and the other "
            "actions of the script, under: if __name__ == '__main__':"
        )


def _executor_name(compute: ComputeOptions) -> str:
    """Return the name of the executor. Raises RunError for wrong numbers."""
    name, workers = compute.executor, compute.workers
    if workers < 1:
        raise RunError(f"workers must be at least 1 (got {workers}). Give --workers 1 or more.")
    if workers > 1 and compute.processes > 1:
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


def _check_device(name: str) -> None:
    """Raise UnknownName if no machine has a device of that name."""
    if not re.fullmatch(r"auto|cpu|mps|cuda(:\d+)?", name):
        raise UnknownName("device", name, ("auto", "cpu", "cuda", "cuda:0", "mps"))


def _catalog(without: tuple[str, ...], *, skip_missing: bool) -> plugins.Catalog:
    """Load the plugins without some; if ``skip_missing``, names of missing plugins are ignored."""
    if skip_missing and without:
        known = plugins.load().names()
        without = tuple(name for name in without if name in known)
    return plugins.load(without=without)


def _strategies(
    catalog: plugins.Catalog, named: tuple[str, ...], *, skip_missing: bool
) -> tuple[Mapping[str, Strategy], tuple[str, ...]]:
    """Return the named strategies, or all; with a note on each missing one."""
    missing = [name for name in named if skip_missing and name not in catalog.strategies.items]
    left = [name for name in named if name not in missing] or named
    notes = (f"The strategy {name} is not installed any more: its trials stay." for name in missing)
    return catalog.strategies.select(left), tuple(notes)
