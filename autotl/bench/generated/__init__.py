"""Generated image data sets of any size.

They have a given difficulty and distance to the source.
"""

from autotl.bench.generated.draw import FAMILIES, KINDS, draw

__all__ = ["FAMILIES", "KINDS", "draw"]
