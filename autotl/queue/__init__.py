"""A queue of a run's jobs in a database: a coordinator puts them there, workers on any machine take them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.queue.coordinator import Coordinator
    from autotl.queue.executor import FILE, QueueExecutor
    from autotl.queue.member import Claim, Member
    from autotl.queue.serve import serve
    from autotl.queue.tables import Database, Listed, listed

__all__ = [
    "FILE",
    "Claim",
    "Coordinator",
    "Database",
    "Listed",
    "Member",
    "QueueExecutor",
    "listed",
    "serve",
]

lazy_package(__name__)
