"""Ten short strategies, to read and to start from."""

from autotl import hookimpl
from autotl_gallery.cosine import gallery_cosine
from autotl_gallery.discriminative import gallery_discriminative
from autotl_gallery.l2_sp import gallery_l2_sp
from autotl_gallery.last_stage import gallery_last_stage
from autotl_gallery.lora import gallery_lora
from autotl_gallery.lp_ft import gallery_lp_ft
from autotl_gallery.norm_only import gallery_norm_only
from autotl_gallery.probe import gallery_probe
from autotl_gallery.ridge import gallery_ridge
from autotl_gallery.unfreezing import gallery_unfreezing

STRATEGIES = [
    gallery_cosine,
    gallery_discriminative,
    gallery_l2_sp,
    gallery_last_stage,
    gallery_lora,
    gallery_lp_ft,
    gallery_norm_only,
    gallery_probe,
    gallery_ridge,
    gallery_unfreezing,
]


@hookimpl
def autotl_strategies():
    """Provide the strategies; each runs only if it is named."""
    return STRATEGIES
