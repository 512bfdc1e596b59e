"""Self-taught learning: features from unlabelled images, then the labels."""

from autotl import hookimpl
from autotl_selftaught.strategy import SelfSupervised


@hookimpl
def autotl_strategies():
    """Provide the strategy, which is searched if there are unlabelled images."""
    return [SelfSupervised()]
