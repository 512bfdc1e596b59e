"""Search over strategies, backbones and their settings."""

from autotl.search.arms import plan_arms
from autotl.search.bench import Bench
from autotl.search.engine import Search, refit_job
from autotl.search.ledger import Ledger, Trial
from autotl.search.materials import Materials
from autotl.search.space import Scoped
from autotl.search.study import open_storage
from autotl.search.work import Worker

__all__ = [
    "Bench",
    "Ledger",
    "Materials",
    "Scoped",
    "Search",
    "Trial",
    "Worker",
    "open_storage",
    "plan_arms",
    "refit_job",
]
