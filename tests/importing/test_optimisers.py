"""Optimisers update as torch's own do, and leave the compiler unimported."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

from autotl.importing.optimisers import uncompiled

TRAIN = """
import sys
import torch
from autotl.importing.optimisers import uncompiled
weight = torch.nn.Parameter(torch.ones(3))
optimiser = uncompiled(torch.optim.AdamW)([weight], lr=0.1, fused=True)
schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 0.5)
weight.sum().backward()
optimiser.step()
optimiser.zero_grad()
schedule.step()
optimiser.load_state_dict(optimiser.state_dict())
print("torch._dynamo" in sys.modules)
"""


@pytest.mark.parametrize("optimiser", [torch.optim.AdamW, torch.optim.SGD])
def test_updates_are_those_of_torch(optimiser: type[torch.optim.Optimizer]) -> None:
    weights = []
    for kind in (optimiser, uncompiled(optimiser)):
        weight = torch.nn.Parameter(torch.linspace(-1, 1, 5))
        stepped = kind([{"params": [weight], "weight_decay": 0.1}], lr=0.1)  # type: ignore[call-arg]
        for _ in range(3):
            stepped.zero_grad()
            weight.pow(3).sum().backward()
            stepped.step()
        weights.append(weight.detach())
        assert isinstance(stepped, optimiser)
    torch.testing.assert_close(*weights, rtol=0, atol=0)


def test_a_step_imports_no_compiler() -> None:
    done = subprocess.run([sys.executable, "-c", TRAIN], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_steps_record_no_gradients() -> None:
    weight = torch.nn.Parameter(torch.ones(2))
    optimiser = uncompiled(torch.optim.SGD)([weight], lr=0.1)
    weight.sum().backward()
    optimiser.step()
    assert weight.is_leaf
    assert weight.detach().tolist() == pytest.approx([0.9, 0.9])
