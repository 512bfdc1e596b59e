"""Call skada on the features of two domains."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from autotl.errors import TrainingError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from autotl_adapt.features.domains import Domains

MODULES = ("skada", "ot")
"""The modules that must be installed: skada needs POT, whose module is ``ot``."""
SOURCE, TARGET = 1, -2
"""skada's marks of domains: positive for the source, negative for the target."""
NO_LABEL = -1


@contextmanager
def skada() -> Iterator[Any]:
    """Import skada, and restore scikit-learn's settings afterwards.

    The import switches metadata routing on for the whole process, which would change how other code uses
    scikit-learn.

    Raises:
        TrainingError: The package is not installed.
    """
    from sklearn import config_context

    with config_context(enable_metadata_routing=True):
        try:
            import skada as module  # an optional dependency: without it, other strategies still work
        except ImportError as error:
            raise TrainingError(
                f"The package skada must be installed (got {error}). Run `pip install skada`."
            ) from error
        yield module


def both(domains: Domains) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the rows of both domains, the labels, and the marks of the domains, as skada takes them."""
    source, target = domains.source.numpy(), domains.target.numpy()
    counts = [len(source), len(target)]
    labels = np.concatenate([domains.labels.numpy(), np.full(len(target), NO_LABEL)])
    return np.concatenate([source, target]), labels, np.repeat([SOURCE, TARGET], counts)
