"""Choose the input sizes that are worth trying, and the one that is recommended."""

from __future__ import annotations

from dataclasses import dataclass

from autotl.api import InputConfig, Pace
from autotl.modalities import modality_of

PASS_SHARE = 0.15  # of the budget, for one pass of all backbones over all images
BACKBONE_PASS_SHARE = 0.08  # of the budget, for one pass of each backbone, however many there are


@dataclass(frozen=True, slots=True)
class Workload:
    """The work of a search, which decides the recommended image size.

    Attributes:
        images: The number of images.
        seconds: The budget of the whole search; None for no time limit. The pace is then a typical one
            instead of a measured one, so that the same seed gives the same search.
        backbones: The number of backbones that share the budget.
    """

    images: int
    seconds: float | None
    backbones: int = 1


def input_sizes_of(config: InputConfig, typical_size: int) -> tuple[int, ...]:
    """Return the input sizes that are worth trying, ascending.

    Args:
        config: The configuration of the weights.
        typical_size: The typical size of the data's images, or texts; much larger sizes are left out.
    """
    return modality_of(config).input_sizes(config, typical_size)


def largest_affordable(input_sizes: tuple[int, ...], pace: Pace, workload: Workload) -> int:
    """Return the largest image size within the budget.

    Args:
        input_sizes: The sizes to choose from, ascending.
        pace: The pace of the network.
        workload: The work of the search.
    """
    if workload.seconds is None:
        return max(input_sizes)
    limit = max(PASS_SHARE / workload.backbones, BACKBONE_PASS_SHARE) * workload.seconds
    affordable = [
        input_size
        for input_size in input_sizes
        if pace.seconds(workload.images, input_size=input_size) <= limit
    ]
    return max(affordable, default=input_sizes[0])
