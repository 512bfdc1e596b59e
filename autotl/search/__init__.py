"""Search over strategies, backbones and their settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.search.activations import EXACT, Activations
    from autotl.search.allowed import Limits, limits_of
    from autotl.search.arms import plan_arms
    from autotl.search.bench import Bench
    from autotl.search.catching_up import CatchUp, measure_catch_up
    from autotl.search.decided import Decided, decided_from
    from autotl.search.delivery import Delivery, deliver, hand_over, settle
    from autotl.search.engine import Search
    from autotl.search.ensemble import Assembled, Member, eligible, ensemble
    from autotl.search.finish import finish
    from autotl.search.journal import Journal, Running, spent
    from autotl.search.leaking import independent_folds, leaks_of
    from autotl.search.ledger import Ledger
    from autotl.search.limits import Within, missed, within
    from autotl.search.materials import Materials
    from autotl.search.prepare import Prepared, prepare
    from autotl.search.reserve import deadline, expected_of_refit, repeat, rivals, spare, until_report
    from autotl.search.resume import Resumed, take_up
    from autotl.search.revive import revive
    from autotl.search.room import Room
    from autotl.search.selection import Chosen, select
    from autotl.search.setup import CLEANING, Setup
    from autotl.search.soup import Souped, soup
    from autotl.search.space import Scoped
    from autotl.search.storage import close_storage, open_storage, with_storage
    from autotl.search.trial import Trial
    from autotl.search.way import OWN, Way
    from autotl.search.work import Worker

__all__ = [
    "CLEANING",
    "EXACT",
    "OWN",
    "Activations",
    "Assembled",
    "Bench",
    "CatchUp",
    "Chosen",
    "Decided",
    "Delivery",
    "Journal",
    "Ledger",
    "Limits",
    "Materials",
    "Member",
    "Prepared",
    "Resumed",
    "Room",
    "Running",
    "Scoped",
    "Search",
    "Setup",
    "Souped",
    "Trial",
    "Way",
    "Within",
    "Worker",
    "close_storage",
    "deadline",
    "decided_from",
    "deliver",
    "eligible",
    "ensemble",
    "expected_of_refit",
    "finish",
    "hand_over",
    "independent_folds",
    "leaks_of",
    "limits_of",
    "measure_catch_up",
    "missed",
    "open_storage",
    "plan_arms",
    "prepare",
    "repeat",
    "revive",
    "rivals",
    "select",
    "settle",
    "soup",
    "spare",
    "spent",
    "take_up",
    "until_report",
    "with_storage",
    "within",
]

lazy_package(__name__)
