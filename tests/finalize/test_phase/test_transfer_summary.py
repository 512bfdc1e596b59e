"""The stages of a delivered network are compared with its source."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from autotl.backbone import layout
from autotl.builtin.sources.tiny import FOLDER
from autotl.evaluation import TransferSummary
from autotl.finalize.test_phase.transfer_summary import transfer_summary


@pytest.fixture(scope="module")
def source() -> nn.Module:
    return timm.create_model(f"local-dir:{FOLDER}", pretrained=True)


def summary(
    source: nn.Module, weights: dict[str, Tensor], folder: Path, *, from_scratch: bool = False
) -> TransferSummary:
    file = folder / "model.safetensors"
    save_file({key: value.contiguous() for key, value in weights.items()}, file)
    networks = SimpleNamespace(source=lambda name: source)
    run_cache = cast(Any, SimpleNamespace(networks=networks))
    return transfer_summary(run_cache, "tiny", str(file), from_scratch=from_scratch)


def delivered(source: nn.Module, classes: int = 5) -> dict[str, Tensor]:
    """The source's weights with a new classifier."""
    weights = {key: value.clone() for key, value in source.state_dict().items()}
    for key in ("fc.weight", "fc.bias"):
        weights[key] = torch.zeros(classes, *weights[key].shape[1:])
    return weights


def test_a_stage_that_was_scaled_moved_by_that_share(source: nn.Module, tmp_path: Path) -> None:
    weights, last = delivered(source), layout(source).parameters[-1]
    for key in last:
        weights[key] *= 1.25
    found = summary(source, weights, tmp_path)
    assert [each.stage for each in found.stages] == list(found.transferred)
    assert found.frozen == found.transferred[:-1]
    assert [each.moved for each in found.stages[:-1]] == [0.0] * (len(found.stages) - 1)
    assert found.stages[-1].moved == pytest.approx(0.25)
    known = dict(source.named_parameters())
    assert found.stages[-1].parameters == sum(known[key].numel() for key in last)
    assert found.new == 5 * known["fc.weight"].shape[1] + 5


def test_weights_of_another_shape_are_left_out(source: nn.Module, tmp_path: Path) -> None:
    weights, first = delivered(source), sorted(layout(source).parameters[0])
    for key in first:
        weights[key] = torch.zeros(3)
    found = summary(source, weights, tmp_path)
    assert found.stages[0].moved is None
    assert found.stages[0].parameters > 3 * len(first)


def test_a_network_from_scratch_has_no_stages(source: nn.Module, tmp_path: Path) -> None:
    found = summary(source, delivered(source), tmp_path, from_scratch=True)
    assert (found.stages, found.new) == ((), None)
