"""Generate image data sets with given difficulty and source distance."""

from autotl.bench.generated.draw import FAMILIES, KINDS, draw

__all__ = ["FAMILIES", "KINDS", "draw"]
