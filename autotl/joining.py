"""Work on a run that another process leads: make its materials again, and run jobs from its queue."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from autotl import queue, results, search
from autotl.api import Work
from autotl.asked import Kept, changes, checked, same_metric
from autotl.cache import Store
from autotl.clock import WallClock, seconds
from autotl.data import torch_within_cores
from autotl.errors import RunError
from autotl.masking import VARIABLE
from autotl.opened import opened
from autotl.presets import with_preset
from autotl.terminal import Silence
from autotl.train import OwnMetric, freed_memory_kept

LOOK = 0.5
"""Seconds between two looks for a run that has not begun."""
OWN: Mapping[str, Any] = {
    "storage": None,  # its password is not kept
    "executor": "serial",
    "workers": 1,
    "processes": 1,
    "watch": Silence(),
    "source": None,  # what it tells is in run.json
    "experience": False,
    "curves": False,
    "ensemble": False,
}
"""What a worker is not to do as the run was asked to."""


def join(
    run: str | Path,
    *,
    storage: str | None = None,
    metric: str | OwnMetric | None = None,
    name: str | None = None,
    idle: str | float = "60s",
    device: str = "auto",
    cache: str | Path | None = None,
    say: Callable[[str], None] = print,
) -> int:
    """Run trials of ``run`` until it ends its search or for ``idle`` there are none; gives how many.

    ``run`` is the folder of an ``autotl.fit(…, executor="queue")`` as it is seen from here, or its name in
    the database ``storage``: the URL that the run was begun with, or nothing where it was begun without one.
    ``metric`` is needed if the run has a function as its metric: the same one, given again.
    Workers may come and go at any time. ``name`` tells them apart in the database. ``cache`` is a folder for
    decoded images and activations; by default they are shared with the run. ``say`` is told a line per trial.

    Raises RunError where this machine does not see the same data, weights, autotl and plugins as the run, and
    where its data was in memory; StorageError where the database cannot be used.

    >>> autotl.join("/nfs/run", storage="postgresql://me:secret@host/runs")
    """
    limit, clock = seconds(idle), WallClock()
    folder = _begun(run, storage, limit)
    if folder is None:
        say(f"No run {run} has begun within {idle}.")
        return 0
    file, _ = checked(results.read_run_file(folder), folder)
    say(f"Joining {file.name}.")
    with torch_within_cores():
        make = _worker(
            folder, file, metric, device, folder / ".cache" if cache is None else Path(cache), clock
        )
        database = queue.Database(_place(run, storage, folder))
        member = queue.Member(database, file.name, name or f"{socket.gethostname()}-{os.getpid()}")
        try:
            return queue.serve(member, make, folder, idle=limit, clock=clock, say=say)
        finally:
            database.close()


def _place(run: str | Path, storage: str | None, folder: Path | None) -> str | Path:
    """Where the queue is."""
    if storage is not None:
        return storage
    if folder is None:
        raise RunError(
            f"{run} is not a run folder that is seen from here. Give the folder, or the run's name and "
            f"--storage (storage=, or {VARIABLE})."
        )
    return folder / queue.FILE


def _begun(run: str | Path, storage: str | None, limit: float) -> Path | None:
    """The folder of the run, once its coordinator has begun; None where it does not within ``limit``."""
    until = time.monotonic() + limit
    while True:
        folder = Path(run) if results.is_run(Path(run)) else None
        called = str(run) if folder is None else results.read_run_file(folder).name
        where = storage if storage is not None else Path(run) / queue.FILE
        if storage is not None or (folder is not None and (folder / queue.FILE).is_file()):
            database = queue.Database(where)
            try:
                found = queue.listed(database, called) if database.is_ready() else None
            finally:
                database.close()
            if found is not None and not found.ended:
                return folder or _seen(found)
        if time.monotonic() > until:
            _place(run, storage, folder)  # says so where there is nowhere to look
            return None
        time.sleep(LOOK)


def _seen(found: queue.Listed) -> Path:
    if not results.is_run(found.path):
        raise RunError(
            f"The run {found.name} is in {found.path}, which is not seen from here. Every machine must see "
            "the same run folder: give it as it is called here, as --run."
        )
    return found.path


def _worker(
    folder: Path,
    file: results.RunFile,
    metric: str | OwnMetric | None,
    device: str,
    cache: Path,
    clock: WallClock,
) -> Callable[[Path], Work]:
    """What makes a worker that writes weights to a given folder. Nothing of the run is changed."""
    if file.decided is None:
        raise RunError(f"The run in {folder} has not prepared its data yet: start the worker again.")
    in_memory = file.arguments.get("in_memory", ())
    if "data" in in_memory:
        raise RunError(
            f"The run in {folder} was begun on data in memory, which no other process can see. Save the "
            "images where all machines see them, as a folder of class folders or a table, and begin a run "
            "on that."
        )
    if "metric" in in_memory:
        raise RunError(
            f"The run in {folder} was begun with a metric that is a function of its own process. Put it in a "
            "module that all machines can import, and begin a run with metric='package.module:function'."
        )
    if missing := sorted(Kept.__annotations__.keys() - file.arguments.keys()):
        raise RunError(
            f"{folder / results.RUN_FILE} lacks the arguments {', '.join(missing)}: it was edited."
        )
    measure = same_metric(metric, file.arguments["metric"], folder)
    begin = opened(with_preset({**file.arguments, **OWN, "metric": measure, "device": device}))
    if differs := changes(file, begin.catalog.versions()):
        raise RunError(
            f"This worker cannot help the run in {folder}: {' '.join(differs)} Install the same here, "
            "so that the same settings give the same network."
        )
    decided = search.decided_from(file.decided)
    try:
        with freed_memory_kept(begin.setup.device == "cpu"):
            ready = search.prepare(
                begin.setup,
                readers=begin.catalog.readers.items,
                sources=begin.catalog.backbones.items,
                similarities={},  # what these tell is decided
                transferabilities={},
                strategies=begin.strategies,
                store=Store(cache, bound=decided.cache),
                clock=clock,
                watch=Silence(),
                decided=decided,
            )
    except RunError as error:
        raise RunError(
            f"This worker cannot help the run in {folder}: it does not see the same. {error}"
        ) from error
    activations = search.Activations(ready.materials, on=begin.setup.reuse)
    worker = search.Worker(
        ready.materials,
        activations,
        ready.task,
        begin.strategies,
        cache,
        clock,
        measure=begin.setup.metric,
        wider=ready.wider,
    )
    return lambda place: replace(worker, folder=place)
