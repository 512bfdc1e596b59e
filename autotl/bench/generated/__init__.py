"""Image data sets that are drawn: of a known difficulty, at a known distance, and without end."""

from autotl.bench.generated.draw import FAMILIES, KINDS, draw

__all__ = ["FAMILIES", "KINDS", "draw"]
