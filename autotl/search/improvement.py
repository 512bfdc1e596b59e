"""The expected improvement of a normally distributed score."""

from __future__ import annotations

import math

PRIOR_DEVIATION = 0.03
"""The prior standard deviation of the scores of an arm's settings, in units of accuracy.

It decreases with the number of settings that have been tried.
"""


def expected_improvement(mean: float, deviation: float) -> float:
    """Return E[max(x, 0)] for x ~ Normal(mean, deviation²) (Jones et al., 1998).

    Args:
        mean: The mean.
        deviation: The standard deviation, above 0.
    """
    z = mean / deviation
    density = math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    return mean * 0.5 * (1 + math.erf(z / math.sqrt(2))) + deviation * density
