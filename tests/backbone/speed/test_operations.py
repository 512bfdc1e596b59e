"""The operations of a forward pass."""

from __future__ import annotations

import subprocess
import sys

import pytest
import timm
import torch
from torch.utils.flop_counter import FlopCounterMode

from autotl.backbone.speed.operations import OperationCounter


@pytest.mark.parametrize(
    "name", ["resnet18", "mobilenetv3_small_100", "vit_tiny_patch16_224", "convnext_atto"]
)
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_it_counts_what_torch_counts(name: str, device: str) -> None:
    model = timm.create_model(name).eval().to(device)
    image = torch.zeros(1, 3, 224, 224, device=device)
    with torch.no_grad():
        with FlopCounterMode(display=False) as theirs:
            model(image)
        with OperationCounter() as ours:
            model(image)
    assert ours.operations == theirs.get_total_flops() > 0


def test_a_backbone_is_divided_without_importing_the_compiler() -> None:
    code = (
        "import sys\n"
        "from autotl.backbone import stages_of\n"
        "from autotl.importing.vision import timm\n"
        "assert len(stages_of(timm.create_model('resnet18'))) > 1\n"
        "assert 'torch._dynamo' not in sys.modules and 'sympy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
