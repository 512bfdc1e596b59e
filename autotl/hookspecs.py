"""The hooks that a plugin may implement.

Some offer objects, some receive events. No hook can change the objects of the run that calls it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pluggy import HookimplMarker, HookspecMarker

if TYPE_CHECKING:
    from autotl.api import (
        AnySimilarity,
        BackboneSource,
        Executor,
        HeadKind,
        Modality,
        Plan,
        Reader,
        Record,
        Reporter,
        Strategy,
        Transferability,
    )
    from autotl.results import Result

hookspec = HookspecMarker("autotl")
hookimpl = HookimplMarker("autotl")


@hookspec
def autotl_strategies() -> Iterable[Strategy]:
    """Return the transfer strategies that this plugin adds to the search.

    Hooks that offer objects are called once, when the plugins are loaded. Names must be unique across all
    installed plugins. If two plugins use the same name, the run stops with an error that names both.
    """
    return ()


@hookspec
def autotl_similarities() -> Iterable[AnySimilarity]:
    """Return distances between source and target features for the profile."""
    return ()


@hookspec
def autotl_transferabilities() -> Iterable[Transferability]:
    """Return scores that rank backbones before any training."""
    return ()


@hookspec
def autotl_backbones() -> Iterable[BackboneSource]:
    """Return sources of backbones, such as a model hub or a folder."""
    return ()


@hookspec
def autotl_readers() -> Iterable[Reader]:
    """Return readers of further data formats."""
    return ()


@hookspec
def autotl_executors() -> Iterable[Executor]:
    """Return executors that run trials, for example on a cluster."""
    return ()


@hookspec
def autotl_reporters() -> Iterable[Reporter]:
    """Return reporters that write further report formats."""
    return ()


@hookspec
def autotl_heads() -> Iterable[HeadKind]:
    """Return kinds of heads, which :meth:`autotl.api.Workbench.score_custom_head` delivers."""
    return ()


@hookspec
def autotl_modalities() -> Iterable[Modality]:
    """Return kinds of inputs, such as images and texts.

    The same plugin usually offers a reader that lists such inputs, and a source of backbones that take them.
    """
    return ()


@hookspec
def autotl_search_started(plan: Plan, folder: Path, records: Sequence[Record]) -> None:
    """Called once, after the arms are known and before the first trial.

    A plugin declares only the arguments that it needs. If it raises in this hook or a later one, it is
    dropped with a warning, and the search continues.

    Args:
        plan: The arms and settings of the search.
        folder: The run folder. Files that a plugin writes there are still present if the run is resumed.
        records: The trials of a resumed run, by number; empty in a new run.
    """


@hookspec
def autotl_trial_finished(record: Record) -> None:
    """Called after every trial, failed ones included.

    It is called in the process that runs the search. If a trial later runs on more folds, the hook is called
    again with the same number.
    """


@hookspec
def autotl_search_finished(result: Result) -> None:
    """Called once, after the test evaluation, when the run folder is complete."""


@hookspec
def autotl_search_ended() -> None:
    """Called last, even after an interrupt or a failure.

    The run may have failed before its search started. A plugin closes its files and connections here. The
    hook is not called if the process is killed.
    """
