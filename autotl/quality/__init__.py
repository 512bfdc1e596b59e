"""Find data problems: duplicates, leaks, outliers, wrong labels.

They are found from hashes, features and probabilities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.quality.attach import attach_to_groups
    from autotl.quality.cleaning import Cleaning, conflicting, plan_cleaning
    from autotl.quality.duplicates import connected, leaks, near_duplicates
    from autotl.quality.feature_groups import MAX_COMPARED
    from autotl.quality.groups import Evidence, Groups, find_groups
    from autotl.quality.hashing import hamming_pairs
    from autotl.quality.labels import (
        LabelIssues,
        TargetIssues,
        label_issues,
        multi_label_issues,
        number_issues,
    )
    from autotl.quality.near_images import (
        NAME_NEIGHBOUR_LIMIT,
        LabelledImages,
        Nearest,
        near_copy_limit,
        nearest_images,
    )
    from autotl.quality.outliers import Outliers, outliers
    from autotl.quality.shift import Importance, Shift, importance_weights, shift

__all__ = [
    "MAX_COMPARED",
    "NAME_NEIGHBOUR_LIMIT",
    "Cleaning",
    "Evidence",
    "Groups",
    "Importance",
    "LabelIssues",
    "LabelledImages",
    "Nearest",
    "Outliers",
    "Shift",
    "TargetIssues",
    "attach_to_groups",
    "conflicting",
    "connected",
    "find_groups",
    "hamming_pairs",
    "importance_weights",
    "label_issues",
    "leaks",
    "multi_label_issues",
    "near_copy_limit",
    "near_duplicates",
    "nearest_images",
    "number_issues",
    "outliers",
    "plan_cleaning",
    "shift",
]

lazy_package(__name__)
