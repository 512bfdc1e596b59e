"""Hold the installed objects that the calls of a result use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from autotl.api import Reader
from autotl.errors import ExplanationError, ExportError
from autotl.heads import HeadKinds


def _no_export(*given: Any, **options: Any) -> NoReturn:
    raise ExportError("This result must come from autotl.fit or autotl.load to be exported. Load its folder.")


def _no_explanation(*given: Any, **options: Any) -> NoReturn:
    why = "This result must come from autotl.fit or autotl.load to be explained. Load its folder."
    raise ExplanationError(why)


@dataclass(frozen=True, slots=True)
class Installed:
    """Functions of the packages above results, and of plugins.

    Attributes:
        readers: Returns the readers of other forms than folders, zips and images, by name.
        heads: Returns the kinds of heads that are not linear.
        export: Exports a result; see :meth:`autotl.results.Result.export`.
        push: Uploads a result; see :meth:`autotl.results.Result.push_to_hub`.
        explain: Explains predictions; see :meth:`autotl.results.Result.explain`.
    """

    readers: Callable[[], Mapping[str, Reader]] = dict
    heads: Callable[[], HeadKinds] = HeadKinds
    export: Callable[..., Path] = _no_export
    push: Callable[..., str] = _no_export
    explain: Callable[..., Any] = _no_explanation


NOTHING = Installed()
"""No plugins, and no exports."""
