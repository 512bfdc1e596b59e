"""Experience: what past runs showed, on this machine and elsewhere, and what it says about the next one."""

from autotl.experience.gains import Gain, gains_from_csv, gains_to_csv, shipped_gains
from autotl.experience.prior import Predicted, Prior, Profile, Record, prior, prior_from
from autotl.experience.row import Row
from autotl.experience.shipped import rows_from_csv, rows_to_csv, shipped_rows
from autotl.experience.table import Experience, default_path

__all__ = [
    "Experience",
    "Gain",
    "Predicted",
    "Prior",
    "Profile",
    "Record",
    "Row",
    "default_path",
    "gains_from_csv",
    "gains_to_csv",
    "prior",
    "prior_from",
    "rows_from_csv",
    "rows_to_csv",
    "shipped_gains",
    "shipped_rows",
]
