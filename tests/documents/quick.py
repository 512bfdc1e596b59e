"""Make the public calls quick, for pages that ask for minutes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

import autotl
from autotl import results
from autotl.cache import Store
from autotl.config.argument_types import check_arguments
from autotl.data import check_path
from autotl.pipeline import execute
from autotl.pipeline.run import Run
from autotl.pipeline.services import Services
from autotl.pipeline.stages.additional import list_given
from autotl.pipeline.stages.backbones import find_named
from autotl.pipeline.stages.context import Context
from autotl.pipeline.stages.load import load
from autotl.pipeline.stages.split import split_images

SMALL = {"image_size": 32, "backbone": "tiny", "device": "cpu"}
RUNS = {"single_label": "run", "multi_label": "run", "regression": "run-ages"}
"""The finished run of the world that stands for a run on a kind of target."""


def finished_runs(world: Path) -> None:
    """Make the finished runs, by two trials each."""
    quick: dict[str, Any] = {**SMALL, "trials": 2, "strategies": ("linear_probe", "pixels")}
    autotl.fit(world / "photos", out=world / "run", **quick)
    autotl.fit(world / "ages.csv", label="age", target="number", out=world / "run-ages", **quick)
    for name in ("first", "second"):
        shutil.copytree(world / "run", world / "runs" / name)


def quicken(patch: pytest.MonkeyPatch, world: Path) -> None:
    """Let ``fit`` and ``analyze`` answer from a finished run, and ``explore`` use a small network.

    A run checks its arguments, opens the named backbones, reads and splits the images as usual. Instead of a
    search, a finished run is copied.
    """
    patch.setattr(execute, "execute", lambda run: _without_search(run, world))
    patch.setattr(autotl, "analyze", _from_report(world))
    patch.setattr(autotl, "explore", _small(autotl.explore))


def _without_search(run: Run, world: Path) -> results.Result:
    find_named(run.settings, run.call.plugins.sources)
    services = Services(Store(run.cache, bound=0), run.clock, run.watch)
    context = Context.start(run.settings, run.call.plugins, services)
    loaded = load(context, None)
    list_given(context, loaded.dataset)
    split_images(context, loaded, None)
    shutil.copytree(world / RUNS[loaded.dataset.target.kind], run.folder, dirs_exist_ok=True)
    return autotl.load(run.folder)


def _small(call: Callable[..., Any]) -> Callable[..., Any]:
    return lambda data, **given: call(data, **{**given, **SMALL, "clusters": 3, "projection": "pca"})


def _from_report(world: Path) -> Callable[..., dict[str, Any]]:
    """Return ``analyze`` that gives the measurements of the finished run."""

    def called(data: Any, **given: Any) -> dict[str, Any]:
        check_arguments({"data": data, **given})
        check_path(data)
        report = autotl.load(world / "run").report
        return {name: deepcopy(report[name]) for name in ("when", "quality")}

    return called
