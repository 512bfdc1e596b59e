"""The hooks a plugin may implement: some offer things, some are told of events. None changes the host."""

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
    """Return the transfer strategies this plugin adds to the search.

    Called once, when the plugins are loaded, as are all hooks that offer things. Names must be unique across
    all installed plugins; a clash stops the run and names both distributions.
    """
    return ()


@hookspec
def autotl_similarities() -> Iterable[AnySimilarity]:
    """Return the distances between target and source features this plugin adds to the profile."""
    return ()


@hookspec
def autotl_transferabilities() -> Iterable[Transferability]:
    """Return the scores this plugin adds that rank backbones before any training."""
    return ()


@hookspec
def autotl_backbones() -> Iterable[BackboneSource]:
    """Return the places this plugin can open backbones from."""
    return ()


@hookspec
def autotl_readers() -> Iterable[Reader]:
    """Return the forms of data this plugin can read."""
    return ()


@hookspec
def autotl_executors() -> Iterable[Executor]:
    """Return the places where trials can run, such as a cluster."""
    return ()


@hookspec
def autotl_reporters() -> Iterable[Reporter]:
    """Return the forms of report this plugin can write."""
    return ()


@hookspec
def autotl_search_started(plan: Plan, folder: Path, records: Sequence[Record]) -> None:
    """Told once, when the arms are known and before the first trial.

    ``folder`` is the run folder: what an observer keeps there, a run that is resumed finds again. ``records``
    are the trials that such a run had already, by number; there are none in a new run.

    An observer takes the arguments it needs. One that raises, here or below, is dropped with a warning; the
    search goes on.
    """


@hookspec
def autotl_trial_finished(record: Record) -> None:
    """Told after every trial, in the process that runs the search, failed trials included.

    A trial that then runs on more folds is told again, with the same number.
    """


@hookspec
def autotl_search_finished(result: Result) -> None:
    """Told once, when the test part has been scored and the run folder is complete."""


@hookspec
def autotl_search_ended() -> None:
    """Told last, however a run ended: finished, interrupted or by an error, even before its search started.

    The place to close what was opened. A process that is killed tells nothing.
    """
