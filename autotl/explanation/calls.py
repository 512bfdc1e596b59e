"""The call that explains predictions, without the import of torch."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotl.errors import ArgumentError, ExplanationError
from autotl.explanation.new_folder import check_new_folder

if TYPE_CHECKING:
    from autotl.explanation.explanations import Explanations
    from autotl.results import Result


def check_explainable(folder: Path) -> None:
    """Check that explanations can be computed, and written to a folder.

    Raises:
        ExplanationError: A package is missing.
        RunError: The folder is not empty.
    """
    _check_installed()
    check_new_folder(folder)


def _check_installed() -> None:
    if find_spec("captum") is None:
        raise ExplanationError("An explanation needs captum: pip install 'autotl[explain]'.")


def explain_run(result: Result, n: int = 8, *, images: Any = None, image: str | None = None) -> Explanations:
    """Explain predictions of a result; see :meth:`autotl.results.Result.explain`.

    Args:
        result: The result of a run.
        n: How many images are explained.
        images: The images; None for test images of the run.
        image: The column of a table that holds the images.

    Raises:
        ArgumentError: ``n`` is below 1.
        ExplanationError: A package is missing, or the network has no layer with positions.
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise ArgumentError(f"n must be a whole number above 0 (got {n!r}).")
    _check_installed()
    from autotl.explanation.explaining import explain  # imports torch

    return explain(result, n, images=images, image=image)
