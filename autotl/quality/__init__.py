"""What is wrong with labelled images, found from hashes, features and probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.quality.duplicates import near_duplicates
    from autotl.quality.hashing import hamming_pairs
    from autotl.quality.labels import LabelIssues, label_issues
    from autotl.quality.leakage import leaks
    from autotl.quality.outliers import Outliers, outliers
    from autotl.quality.plan import Cleaning, plan_cleaning
    from autotl.quality.shift import Importance, Shift, importance_weights, shift

__all__ = [
    "Cleaning",
    "Importance",
    "LabelIssues",
    "Outliers",
    "Shift",
    "hamming_pairs",
    "importance_weights",
    "label_issues",
    "leaks",
    "near_duplicates",
    "outliers",
    "plan_cleaning",
    "shift",
]

lazy_package(
    __name__,
    {
        "duplicates": ["near_duplicates"],
        "hashing": ["hamming_pairs"],
        "labels": ["LabelIssues", "label_issues"],
        "leakage": ["leaks"],
        "outliers": ["Outliers", "outliers"],
        "plan": ["Cleaning", "plan_cleaning"],
        "shift": ["Importance", "Shift", "importance_weights", "shift"],
    },
)
