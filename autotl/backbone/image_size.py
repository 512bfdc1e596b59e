"""Choose the image sizes that are worth trying, and the one that is recommended."""

from __future__ import annotations

from dataclasses import dataclass

from autotl.api import DataConfig, Pace

MAX_ENLARGEMENT = 8  # of the images: more pixels show no more detail
PASS_SHARE = 0.15  # of the budget, for one pass of all backbones over all images
BACKBONE_PASS_SHARE = 0.08  # of the budget, for one pass of each backbone, however many there are
_MIN_LARGE_SIZE = 96  # pixels; from this native size on, candidate sizes are multiples of 32, not 16


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


def input_sizes_of(config: DataConfig, typical_size: int) -> tuple[int, ...]:
    """Return the image sizes that are worth trying, ascending.

    Args:
        config: The data configuration of the weights.
        typical_size: The typical image size of the data; much larger sizes are left out.
    """
    if config.fixed:
        return (config.input_size,)
    step = 32 if config.input_size >= _MIN_LARGE_SIZE else 16
    smaller = {max(round(config.input_size * k / 7 / step), 1) * step for k in (3, 4, 5)}
    input_sizes = sorted({each for each in smaller if each < config.input_size} | {config.input_size})
    return tuple(each for each in input_sizes if each <= MAX_ENLARGEMENT * typical_size) or (input_sizes[0],)


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
