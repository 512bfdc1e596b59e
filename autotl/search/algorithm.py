"""The search algorithm of a run: autotl's own, or another for comparison."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from autotl.api import Executor, Work
from autotl.trials.trial import Trial


class Searching(Protocol):
    """A search that is ready to run."""

    def run(self, executor: Executor, work: Work) -> Iterator[Trial]:
        """Yield each trial after a job of it has ended.

        Closing the iterator ends the search.
        """
        ...


@dataclass(frozen=True, slots=True)
class SearchAlgorithm:
    """A search algorithm, and its rule for the final choice.

    Attributes:
        search: Makes the search, from the arguments of :class:`autotl.search.loop.Search`.
        choose_expected: Whether the trial with the highest expected score is exported, not the one with the
            highest validation score.
    """

    search: Callable[..., Searching]
    choose_expected: bool = True


def _search(*args: Any, **named: Any) -> Searching:
    from autotl.search.loop import Search  # the command line must not wait for torch and Optuna

    return Search(*args, **named)


OWN: SearchAlgorithm = SearchAlgorithm(_search)
