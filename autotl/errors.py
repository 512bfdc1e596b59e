"""The errors that autotl raises on purpose.

AutotlError
├── ArgumentError   an argument has a wrong type or value
├── DataError       the data cannot be read, or nothing can be learned from it
├── UnknownName     no plugin offers a strategy, backbone, similarity, … of this name
├── WeightsError    a backbone's weights cannot be found or loaded
├── BudgetError     a budget is not a valid amount of time or number of trials
├── LimitError      a limit of latency or size is invalid, or no backbone is within it
├── MetricError     a metric cannot be imported or called, or returns no finite number
├── PluginError     a plugin cannot be loaded, or violates the contract of its hook
├── CacheError      the cache is too small, or its disk is full
├── RunError        a run folder is missing, in use, finished, or not a run folder
│   ├── DiskFull    the disk has no space for a run's files; the run can be resumed
│   └── StorageError  the database of a run cannot be reached or written
├── ExportError     a model cannot be exported, or the exported file predicts otherwise
├── ServingError    a service cannot start
├── ExplanationError  a prediction cannot be explained
├── SearchError     no trial ended with a usable model
└── BenchError      a benchmark suite or a results file is invalid
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "ArgumentError",
    "AutotlError",
    "BenchError",
    "BudgetError",
    "CacheError",
    "DataError",
    "DiskFull",
    "ExplanationError",
    "ExportError",
    "LimitError",
    "MetricError",
    "PixelScaleWarning",
    "PluginError",
    "RunError",
    "SearchError",
    "ServingError",
    "StorageError",
    "TrainingError",
    "UnknownName",
    "WeightsError",
    "described",
]

FAILURES = (Exception, SystemExit)
"""The exceptions of a plugin that count as its failure.

``sys.exit()`` in a plugin must not end the run. KeyboardInterrupt comes from the user and is not caught.
"""
_MAX_NAME_LENGTH = 200  # characters: the search for close matches takes quadratic time


def described(error: BaseException) -> str:
    """Return the type and the message of an error on one line."""
    return ": ".join(filter(None, (type(error).__name__, " ".join(str(error).split()))))


class AutotlError(Exception):
    """Base class of all errors that autotl raises on purpose."""


class ArgumentError(AutotlError, TypeError, ValueError):
    """An argument has a wrong type or value."""


class DataError(AutotlError, ValueError):
    """The data cannot be read, or nothing can be learned from it."""


class UnknownName(AutotlError, LookupError):
    """No plugin offers an object of this name.

    The object is a strategy, backbone, similarity, reader, executor or reporter.

    Args:
        kind: The kind of thing, such as "strategy".
        name: The name that was given.
        known: The names that exist; a similar one is suggested.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        if len(name) > _MAX_NAME_LENGTH:
            name = f"{name[:_MAX_NAME_LENGTH]}…"
        lower = name.lower()
        close = get_close_matches(name, known, n=1) or [
            each for each in known if lower and lower in each.lower()
        ]
        hint = f" Did you mean {close[0]!r}?" if close else ""
        super().__init__(f"No {kind} called {name!r}.{hint} Known: {', '.join(known) or 'none'}.")


class WeightsError(AutotlError):
    """A backbone's weights cannot be found or loaded."""


class BudgetError(AutotlError, ValueError):
    """A budget is no valid time or number of trials."""


class LimitError(AutotlError, ValueError):
    """A limit of latency or size is invalid or too strict.

    It is too strict if no backbone is within it.
    """


class MetricError(AutotlError, ValueError):
    """A metric cannot be imported or called, or returns no finite number."""


class PluginError(AutotlError):
    """A plugin cannot be loaded, or violates the contract of its hook."""


class CacheError(AutotlError):
    """The cache is too small, or its disk is full.

    It is too small if its content does not fit.
    """


class RunError(AutotlError):
    """A run folder is missing, in use, finished or invalid.

    It is invalid if it is not a run folder.
    """


class DiskFull(RunError):
    """The disk has no space for a run's files.

    Files written before are complete; the run can be resumed.
    """


class StorageError(RunError):
    """The database of a run cannot be reached or written.

    The message never contains its password.
    """


class TrainingError(AutotlError, ValueError):
    """A strategy's network, step or setting cannot be used."""


class ExportError(AutotlError):
    """A model cannot be exported.

    A package is missing, the runtime cannot run the network, or the exported file predicts otherwise.
    """


class ExplanationError(AutotlError):
    """A prediction cannot be explained.

    A package is missing, or the network has no layer with positions.
    """


class ServingError(AutotlError):
    """A service cannot start.

    A package is missing, the address is in use, or a limit is invalid.
    """


class SearchError(AutotlError):
    """No trial ended with a usable model."""


class BenchError(AutotlError, ValueError):
    """A benchmark suite or a results file is invalid."""


class PixelScaleWarning(UserWarning):
    """Pixel values have a scale that the model did not learn from."""
