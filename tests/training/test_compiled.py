"""Check when a compiled forward pass is used."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import Tensor, nn

from autotl.clock import FakeClock
from autotl.training.machine import compiled
from autotl.training.machine.compiled import AdaptiveForward, faster_forward

BATCH = torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def plain(x: Tensor) -> Tensor:
    return x.mean((2, 3))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    clock = FakeClock()
    monkeypatch.setattr(compiled.time, "perf_counter", clock.now)
    return clock


def taking(clock: FakeClock, seconds: float, forward: Callable[[Tensor], Tensor]) -> compiled.Forward:
    def run(x: Tensor) -> Tensor:
        clock.advance(seconds)
        return forward(x)

    return run


def with_compiled(monkeypatch: pytest.MonkeyPatch, run: compiled.Forward | None) -> None:
    monkeypatch.setattr(compiled, "_compiled", lambda forward, model, batch: run)


def test_an_equal_and_faster_pass_is_used(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    fast = taking(clock, 1.0, lambda x: plain(x) + 1e-6)
    with_compiled(monkeypatch, fast)
    assert faster_forward(taking(clock, 2.0, plain), nn.Identity(), BATCH, features=3) is fast


def test_a_slower_pass_is_not_used(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    with_compiled(monkeypatch, taking(clock, 3.0, plain))
    slow = taking(clock, 2.0, plain)
    assert faster_forward(slow, nn.Identity(), BATCH, features=3) is slow


@pytest.mark.parametrize("wrong", [lambda x: plain(x) + 1e-3, lambda x: plain(x) * torch.nan])
def test_a_pass_with_other_outputs_is_not_used(
    wrong: Callable[[Tensor], Tensor], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_compiled(monkeypatch, taking(clock, 0.1, wrong))
    assert faster_forward(plain, nn.Identity(), BATCH, features=3) is plain


def test_a_large_activation_does_not_hide_a_wrong_feature(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def both(x: Tensor, *, error: float = 0.0) -> Tensor:
        return torch.cat([plain(x) + error, 1e4 * plain(x)], 1)

    with_compiled(monkeypatch, taking(clock, 0.1, partial(both, error=1e-2)))
    slow = taking(clock, 2.0, both)
    assert faster_forward(slow, nn.Identity(), BATCH, features=3) is slow


def test_a_compiled_pass_that_fails_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(x: Tensor) -> Tensor:
        raise RuntimeError("another batch size")

    with_compiled(monkeypatch, fails)
    assert faster_forward(plain, nn.Identity(), BATCH, features=3) is plain


def test_without_openvino_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert faster_forward(plain, nn.Identity(), BATCH, features=3) is plain


@pytest.mark.parametrize(
    ("rows", "device", "asked"),
    [(10_000, "cpu", True), (40, "cpu", False), (10_000, "cuda", False)],
)
def test_a_conversion_must_be_worth_its_seconds(
    rows: int, device: str, asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Tensor] = []

    def chosen(forward: object, model: object, batch: Tensor, *, features: int) -> compiled.Forward:
        given.append(batch)
        return plain

    monkeypatch.setattr(compiled, "faster_forward", chosen)
    forward = AdaptiveForward(torch.sum, nn.Identity(), rows=rows, features=3, device=device)
    forward.finished(32, 0.32, lambda count: BATCH)
    forward.finished(32, 0.32, lambda count: BATCH)
    assert [each is BATCH for each in given] == [True] * asked
    assert (forward.forward is plain) == asked


@pytest.mark.parametrize(("passes", "asked"), [(5, False), (25, True)])
def test_work_of_unknown_length_is_converted_once_it_was_long(
    passes: int, asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "faster_forward", lambda *_, **__: plain)
    forward = AdaptiveForward(torch.sum, nn.Identity(), rows=None, device="cpu")
    for _ in range(passes):  # each takes a tenth of the seconds that a compiled pass must save
        forward.finished(32, 0.1 * compiled.CONVERSION_SECONDS / compiled.EXPECTED_GAIN, lambda count: BATCH)
    assert (forward.forward is plain) == asked


@pytest.mark.skipif(importlib.util.find_spec("openvino") is None, reason="OpenVINO is not installed")
def test_openvino_computes_what_torch_computes() -> None:
    import timm

    model = timm.create_model("mobilenetv2_035", num_classes=0).eval()
    batch = torch.rand(5, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    run = compiled._compiled(model, model, batch)
    assert run is not None
    with torch.inference_mode():
        for rows in (5, 3):
            torch.testing.assert_close(run(batch[:rows]), model(batch[:rows]), rtol=1e-4, atol=1e-4)
