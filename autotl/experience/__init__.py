"""Store results of past runs, and predict those of new runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.experience.csv_form import from_csv, to_csv
    from autotl.experience.gains import Gain
    from autotl.experience.prior import Predicted, Prior, Profile, StrategyRecord, prior, prior_from
    from autotl.experience.row import Row
    from autotl.experience.shipped import shipped_gains, shipped_rows
    from autotl.experience.table import Experience, default_path

__all__ = [
    "Experience",
    "Gain",
    "Predicted",
    "Prior",
    "Profile",
    "Row",
    "StrategyRecord",
    "default_path",
    "from_csv",
    "prior",
    "prior_from",
    "shipped_gains",
    "shipped_rows",
    "to_csv",
]

lazy_package(__name__)
