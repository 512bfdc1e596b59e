"""Optional methods of a modality, by which data is compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from autotl.api.similarity import Similarity


@runtime_checkable
class MakesNoise(Protocol):
    """A modality with noise, whose similarity to any source is 0."""

    def noise(self, config: Any, like: NDArray[Any], *, seed: int) -> NDArray[Any]:
        """Return encoded noise, of the shape and type of ``like``.

        Args:
            config: The configuration of the weights.
            like: Encoded inputs of the data, (n, …).
            seed: The seed.
        """
        ...


@runtime_checkable
class KnowsSource(Protocol):
    """A modality that knows frequencies of a source instead of its inputs."""

    def expected_inputs(
        self, folder: Path, config: Any, like: NDArray[Any], *, seed: int
    ) -> NDArray[Any] | None:
        """Return encoded inputs, drawn as the source is expected to have them.

        Args:
            folder: The folder of the weights.
            config: The configuration of the weights.
            like: Encoded inputs of the data, (n, …), whose lengths are kept.
            seed: The seed.

        Returns:
            Inputs of the shape of ``like``; None if nothing is known of the source.
        """
        ...

    def input_similarities(self, config: Any) -> Mapping[str, Similarity]:
        """Return measures of encoded inputs instead of features, by name.

        Args:
            config: The configuration of the weights.
        """
        ...


@runtime_checkable
class FindsCopies(Protocol):
    """A modality whose near copies are found by the inputs alone.

    Near copies of others are found by the hashes in :attr:`autotl.api.Dataset.table` and by features.
    """

    def copies_among(self, inputs: Sequence[Any]) -> NDArray[np.int64]:
        """Return pairs of positions i < j of copies, (pairs, 2)."""
        ...

    def copies_between(self, inputs: Sequence[Any], others: Sequence[Any]) -> NDArray[np.int64]:
        """Return pairs of positions of copies, those of ``others`` second, (pairs, 2)."""
        ...
