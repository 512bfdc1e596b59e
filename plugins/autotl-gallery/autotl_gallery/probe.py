"""Linear probe: logistic regression on frozen features."""

from autotl.api import HeadSetting
from autotl.toolbox import Choice, Float, InputSize, strategy


@strategy(
    api=2,
    reference="Kornblith et al., Do Better ImageNet Models Transfer Better?, CVPR 2019",
    trained=0.0,
    deterministic=True,
    on_request=True,
    c=Float(0.02, low=1e-4, high=10.0, log=True),
    balanced=Choice(False, (False, True)),
    image_size=InputSize(),
)
def gallery_probe(bench, *, c, balanced, image_size):
    """Fit a linear classifier on frozen features."""
    ((weight, bias),) = bench.linear_heads([HeadSetting(c, balanced=balanced)], input_size=image_size)
    yield bench.score_head(weight, bias, input_size=image_size)
