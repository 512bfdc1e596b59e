"""Experience: what past runs showed, on this machine and elsewhere, and what it says about the next one."""

from autotl.experience.prior import Predicted, Prior, Profile, Record, prior, prior_from
from autotl.experience.row import Row
from autotl.experience.shipped import rows_from_csv, rows_to_csv, shipped_rows
from autotl.experience.table import Experience, default_path

__all__ = [
    "Experience",
    "Predicted",
    "Prior",
    "Profile",
    "Record",
    "Row",
    "default_path",
    "prior",
    "prior_from",
    "rows_from_csv",
    "rows_to_csv",
    "shipped_rows",
]
