"""How a run searches: autotl's own way, or another that it is measured against."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from autotl.api import Executor, Work
from autotl.trials.trial import Trial


class Searching(Protocol):
    """A search that is ready to run."""

    def run(self, executor: Executor, work: Work) -> Iterator[Trial]:
        """Yield each trial, entered in the ledger, when a job of it has ended. Stop reading to stop it."""
        ...


@dataclass(frozen=True, slots=True)
class SearchAlgorithm:
    """How a run searches, and which trial it delivers.

    ``search`` makes the search, of what :class:`autotl.search.Search` is made of. ``thrifty``: the cheapest
    trial that is not clearly behind is delivered, otherwise the one with the highest validation score.
    """

    search: Callable[..., Searching]
    thrifty: bool = True


def _search(*args: Any, **named: Any) -> Searching:
    from autotl.search.loop import Search

    return Search(*args, **named)


OWN: SearchAlgorithm = SearchAlgorithm(_search)
