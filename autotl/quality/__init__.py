"""What is wrong with labelled images, found from hashes, features and probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.quality.attach import attach
    from autotl.quality.cleaning import Cleaning, plan_cleaning
    from autotl.quality.duplicates import near_duplicates
    from autotl.quality.feature_groups import MOST_COMPARED
    from autotl.quality.groups import Evidence, Groups, find_groups
    from autotl.quality.hashing import hamming_pairs
    from autotl.quality.labels import LabelIssues, label_issues
    from autotl.quality.leakage import leaks
    from autotl.quality.near_images import NAMED, Nearest, Pictures, near_limit, nearest
    from autotl.quality.outliers import Outliers, outliers
    from autotl.quality.shift import Importance, Shift, importance_weights, shift

__all__ = [
    "MOST_COMPARED",
    "NAMED",
    "Cleaning",
    "Evidence",
    "Groups",
    "Importance",
    "LabelIssues",
    "Nearest",
    "Outliers",
    "Pictures",
    "Shift",
    "attach",
    "find_groups",
    "hamming_pairs",
    "importance_weights",
    "label_issues",
    "leaks",
    "near_duplicates",
    "near_limit",
    "nearest",
    "outliers",
    "plan_cleaning",
    "shift",
]

lazy_package(__name__)
