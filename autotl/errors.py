"""Every error autotl raises on purpose, and how it words them.

AutotlError
├── ArgumentError   an argument of a type or a size that it cannot have
├── DataError       the data cannot be read, or cannot be learned from
├── UnknownName     a strategy, backbone, similarity, … nobody offers
├── WeightsError    a backbone's weights cannot be had or loaded
├── BudgetError     a budget that makes no sense
├── LimitError      a latency or size that makes no sense, or that no backbone keeps to
├── MetricError     a metric that cannot be imported or called, or gives no number
├── PluginError     a plugin could not be loaded, or broke the rules of its hook
├── CacheError      the cache is too small, or its disk is full
├── RunError        a run folder that is missing, in use, finished, or not one of ours
│   ├── DiskFull    no room for what a run writes; it can be resumed
│   └── StorageError  the database of a run cannot be reached or written
├── SearchError     no trial ended with a usable model
└── BenchError      a suite, or a file of results, that is not as it must be
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
    "LimitError",
    "MetricError",
    "PluginError",
    "RunError",
    "SearchError",
    "StorageError",
    "UnknownName",
    "WeightsError",
    "described",
]

FAILURES = (Exception, SystemExit)
"""What counts as a failure of a plugin: ``sys.exit()`` in it must not end the run. KeyboardInterrupt is the
user's.
"""


def described(error: BaseException) -> str:
    """Return the type and the message of an error on one line."""
    return ": ".join(filter(None, (type(error).__name__, " ".join(str(error).split()))))


_LONGEST = 200  # letters of a name in an error


class AutotlError(Exception):
    """Base of every error a caller may want to catch."""


class ArgumentError(AutotlError, TypeError, ValueError):
    """An argument has a type or a size that it cannot have."""


class DataError(AutotlError, ValueError):
    """The data cannot be read, or nothing can be learned from it."""


class UnknownName(AutotlError, LookupError):
    """A strategy, backbone, similarity, reader, executor or reporter nobody offers."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        if len(name) > _LONGEST:  # a search takes the square of its length
            name = f"{name[:_LONGEST]}…"
        lower = name.lower()
        close = get_close_matches(name, known, n=1) or [
            each for each in known if lower and lower in each.lower()
        ]
        hint = f" Did you mean {close[0]!r}?" if close else ""
        super().__init__(f"No {kind} called {name!r}.{hint} Known: {', '.join(known) or 'none'}.")


class WeightsError(AutotlError):
    """A backbone's weights cannot be had or loaded."""


class BudgetError(AutotlError, ValueError):
    """A budget that makes no sense."""


class LimitError(AutotlError, ValueError):
    """A limit of latency or size that cannot be read, or that no backbone keeps to."""


class MetricError(AutotlError, ValueError):
    """A metric that cannot be imported or called, or gives no finite number."""


class PluginError(AutotlError):
    """A plugin could not be loaded, or broke the rules of its hook."""


class CacheError(AutotlError):
    """The cache is too small for what it is to hold, or its disk is full."""


class RunError(AutotlError):
    """A run folder that is missing, in use, or not one of ours."""


class DiskFull(RunError):
    """No room for what a run writes. What it had written is whole, and it can be resumed."""


class StorageError(RunError):
    """The database of a run cannot be reached, or may not be written. Its password is never told."""


class SearchError(AutotlError):
    """No trial ended with a usable model."""


class BenchError(AutotlError, ValueError):
    """A suite, or a file of results, is not as it must be."""
