"""What an executor is told of the run it works for, where its workers find the run by themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from autotl.api.executor import Executor


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run is kept: its ``folder``, its lasting ``name``, and the URL of its database, if it has one.

    ``say`` shows a sentence to the user. The URL may hold a password: show it to nobody.
    """

    folder: Path
    name: str
    storage: str | None = field(repr=False)
    say: Callable[[str], None]


@runtime_checkable
class Placed(Protocol):
    """An :class:`Executor` that is to be given the run's place first: its ``placed`` is used in its stead."""

    def placed(self, place: Place) -> Executor: ...
