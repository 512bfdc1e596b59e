"""Domain adaptation: learn from images of the place of use, without labels."""

from autotl import hookimpl
from autotl_adapt.adaptive_norm import AdaptiveNorm
from autotl_adapt.dann import Dann
from autotl_adapt.deep_coral import DeepCoral
from autotl_adapt.features.coral import Coral
from autotl_adapt.features.optimal_transport import OptimalTransport
from autotl_adapt.features.reweighting import Reweighting
from autotl_adapt.features.subspace_alignment import SubspaceAlignment


@hookimpl
def autotl_strategies():
    """Provide the strategies; they run if images of the place of use are given."""
    return [
        Coral(),
        SubspaceAlignment(),
        OptimalTransport(),
        Reweighting(),
        AdaptiveNorm(),
        DeepCoral(),
        Dann(),
    ]
