"""TabICLv2 as a head on frozen features: prediction in the context of the training images."""

from autotl import hookimpl
from autotl_tabicl.kind import TabICLKind
from autotl_tabicl.strategy import TabICLProbe


@hookimpl
def autotl_heads():
    """Provide the kind of head, which loads delivered models."""
    return [TabICLKind()]


@hookimpl
def autotl_strategies():
    """Provide the strategy, which runs only if it is named."""
    return [TabICLProbe()]
