"""Show which parts of an image a prediction depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.importing.lazy import lazy_package

if TYPE_CHECKING:
    from autotl.explanation.calls import check_explainable, explain_run
    from autotl.explanation.explanations import Explanation, Explanations

__all__ = ["Explanation", "Explanations", "check_explainable", "explain_run"]

lazy_package(__name__)
