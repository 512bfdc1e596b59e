"""Check that timm and torchvision work after an import without torch's compiler."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGIN = (
    "import sys, torch\n"
    "real = torch.compiler.disable\n"
    "from autotl.importing.vision import timm\n"
    "model = timm.create_model('resnet18').eval()\n"
    "assert 'torch._dynamo' not in sys.modules and 'torch._dynamo.utils' not in sys.modules\n"
    "assert torch.compiler.disable is real\n"
)


def passes(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", BEGIN + code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_compiler_can_be_imported_later() -> None:
    passes(
        "import torch._dynamo.utils\n"
        "from torch._dynamo.utils import is_compile_supported\n"
        "assert torch._dynamo.utils is sys.modules['torch._dynamo.utils']\n"
        "assert is_compile_supported.__module__ == 'torch._dynamo.utils'\n"
    )


def test_torchvision_s_detection_and_alignment_work() -> None:
    passes(
        "import torchvision\n"
        "from torchvision.ops import roi_align\n"
        "box = torch.tensor([[0.0, 0.0, 0.0, 3.0, 3.0]])\n"
        "found = roi_align(torch.ones(1, 1, 4, 4), box, 2, aligned=True)\n"
        "assert found.shape == (1, 1, 2, 2) and bool((found == 1).all())\n"
        "net = torchvision.models.detection.fasterrcnn_mobilenet_v3_large_320_fpn(\n"
        "    weights=None, weights_backbone=None).eval()\n"
        "assert set(net([torch.zeros(3, 64, 64)])[0]) == {'boxes', 'labels', 'scores'}\n"
    )


def test_the_postponed_value_is_that_of_the_compiler() -> None:
    passes(
        "from torchvision.ops import roi_align as _\n"
        "kept = sys.modules['torchvision.ops.roi_align'].is_compile_supported\n"
        "from torch._dynamo.utils import is_compile_supported\n"
        "assert kept is not is_compile_supported\n"
        "assert kept('cpu') == is_compile_supported('cpu')\n"
        "assert kept._dynamo_marked_constant == is_compile_supported._dynamo_marked_constant\n"
    )


@pytest.mark.slow
def test_compiled_networks_and_operators_equal_plain_ones() -> None:
    passes(
        "from torchvision.ops import roi_align\n"
        "x, box = torch.rand(1, 3, 32, 32), torch.tensor([[0.0, 1.0, 2.0, 9.0, 8.0]])\n"
        "align = torch.compile(lambda x: roi_align(x, box, 2), backend='eager', fullgraph=True)\n"
        "torch.testing.assert_close(align(x), roi_align(x, box, 2))\n"
        "with torch.no_grad():\n"
        "    for name in ('resnet18', 'naflexvit_base_patch16_gap'):\n"
        "        net = timm.create_model(name).eval()\n"
        "        x = torch.rand(1, 3, 224, 224)\n"
        "        torch.testing.assert_close(torch.compile(net, backend='eager')(x), net(x))\n"
    )


@pytest.mark.slow
def test_nothing_changes_if_the_compiler_is_imported() -> None:
    code = (
        "import torch._dynamo.utils\n"
        "from autotl.importing.vision import timm\n"
        "timm.is_model('resnet18')\n"
        "import sys\n"
        "from torchvision.ops import roi_align as _\n"
        "kept = sys.modules['torchvision.ops.roi_align'].is_compile_supported\n"
        "assert kept is torch._dynamo.utils.is_compile_supported\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_other_attributes_of_the_replacement_import_the_module() -> None:
    code = (
        "import sys\n"
        "from autotl.importing.vision import compiler_postponed\n"
        "with compiler_postponed():\n"
        "    from torch._dynamo.utils import counters\n"
        "    assert sys.modules['torch._dynamo.utils'].counters is counters\n"
        "import torch._dynamo.utils\n"
        "assert torch._dynamo.utils.counters is counters\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
