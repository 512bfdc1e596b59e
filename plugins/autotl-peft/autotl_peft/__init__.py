"""LoRA and DoRA: low-rank updates of linear and convolution layers, merged before each score."""

from autotl import hookimpl
from autotl_peft.strategy import dora, lora


@hookimpl
def autotl_strategies():
    """Provide both strategies; ``dora`` runs only if it is named."""
    return [lora, dora]
