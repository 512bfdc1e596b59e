"""Pieces of a batch that run in threads of their own."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from autotl.training import forward_in_batches
from autotl.training.machine import threads
from autotl.training.machine.threads import map_in_torch_threads
from autotl.workbench.feature_extraction import forward_with_activations

THREADS = 4


@pytest.fixture(autouse=True)
def several_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(THREADS)
    yield
    torch.set_num_threads(before)


def test_pieces_run_at_once_and_come_back_in_order_without_gradients() -> None:
    together = threading.Barrier(3, timeout=20)
    weight = torch.ones(1, requires_grad=True)
    seen: list[tuple[int, int]] = []

    def work(piece: int) -> Tensor:
        together.wait()
        seen.append((threading.get_ident(), torch.get_num_threads()))
        return piece * weight

    found = map_in_torch_threads(work, [1, 2, 3], 3)
    assert [float(each) for each in found] == [1, 2, 3]
    assert not any(each.requires_grad for each in found)
    assert len({ident for ident, _ in seen}) == 3
    assert sorted(threads for _, threads in seen) == [1, 1, 2]  # all four are used
    assert torch.get_num_threads() == THREADS


def test_threads_are_made_once_and_their_number_stays_after_an_error() -> None:
    def fail(piece: int) -> int:
        raise ValueError(f"piece {piece}")

    idents = [set(map_in_torch_threads(lambda _: threading.get_ident(), range(8), 2)) for _ in range(5)]
    with pytest.raises(ValueError, match="piece 0"):
        map_in_torch_threads(fail, [0, 1], 2)
    assert len(set.union(*idents)) <= 2
    assert torch.get_num_threads() == THREADS
    born: list[int] = []
    new = threading.Thread(target=lambda: born.append(torch.get_num_threads()))
    new.start()
    new.join()
    assert born == [THREADS]


def test_pieces_of_a_second_thread_run_one_after_the_other() -> None:
    with threads._BUSY:
        idents = map_in_torch_threads(lambda _: threading.get_ident(), [1, 2], 2)
    assert set(idents) == {threading.get_ident()}


def test_memory_that_runs_out_in_a_thread_makes_pieces_smaller_and_single() -> None:
    sizes: list[int] = []

    def run(x: Tensor) -> Tensor:
        sizes.append(len(x))
        if len(x) > 2:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
        return x.flatten(1)[:, :1]

    images = torch.arange(8.0).view(8, 1, 1, 1).expand(8, 3, 4, 4)
    found = forward_in_batches(run, images, to_batch=lambda x: x, device="cpu", batch=8)
    assert found.flatten().tolist() == list(range(8))
    assert max(sizes) <= 8
    assert min(sizes) <= 2


class Doubles(nn.Module):
    """Waits, between its first layer and its last, until two threads have come so far."""

    def __init__(self) -> None:
        super().__init__()
        self.early = nn.Identity()
        self._together = threading.Barrier(2, timeout=20)

    def forward_features(self, x: Tensor) -> Tensor:
        return 2 * self.early(x)

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        self._together.wait()
        return x.flatten(1)


def test_each_thread_keeps_the_maps_of_its_own_images() -> None:
    images = torch.arange(4.0).view(4, 1, 1, 1).expand(4, 1, 2, 2)
    with forward_with_activations(Doubles(), ["early"]) as run:
        found = torch.cat(map_in_torch_threads(run, images.tensor_split(2), 2))
    assert torch.equal(found[:, :4], 2 * found[:, 4:])
