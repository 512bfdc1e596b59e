"""Transfer learning on your images, answered by measurement.

The questions are: what to transfer, when it pays and how.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import autotl.importing.notebook as _notebook
from autotl.hookspecs import hookimpl
from autotl.importing.lazy import lazy_module as _lazy_module
from autotl.importing.lazy import lazy_package
from autotl.modalities.kinds import find_modalities_by as _find_modalities_by

if TYPE_CHECKING:
    from autotl.analyze import analyze
    from autotl.comparison.call import compare
    from autotl.estimators import TransferClassifier, TransferRegressor
    from autotl.exploration.call import explore
    from autotl.fit import fit, load, resume

__all__ = [
    "TransferClassifier",
    "TransferRegressor",
    "__version__",
    "analyze",
    "compare",
    "explore",
    "fit",
    "hookimpl",
    "load",
    "resume",
]

__version__ = version("autotl")

_notebook.ignore_missing_widgets()  # before any import of a library that imports tqdm

# Worker processes import this package too, and look up the modalities of configurations as this process does.
_find_modalities_by(lambda: _lazy_module("autotl.plugins").installed().modalities.items)

# torch, timm and optuna take seconds to import: only users who fit or load wait for them.
lazy_package(__name__)
