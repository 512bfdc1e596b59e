"""Augmentation in batches."""

from __future__ import annotations

import pytest
import torch

from autotl.errors import UnknownName
from autotl.training import AUGMENTATIONS, augment, get_augmentation


def views(name: str, pixels: torch.Tensor, *, input_size: int = 16, seed: int = 0) -> torch.Tensor:
    how = get_augmentation(name)
    assert how is not None
    return augment(pixels, how, input_size=input_size, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def ramp() -> torch.Tensor:
    """Images that are dark on the left and bright on the right, (8, 3, 18, 18)."""
    return torch.linspace(0, 255, 18).byte().expand(8, 3, 18, 18).contiguous()


@pytest.mark.parametrize("name", [name for name, how in AUGMENTATIONS.items() if how])
def test_views_have_the_size_asked_for_and_differ_by_image(name: str, ramp: torch.Tensor) -> None:
    seen = views(name, ramp)
    assert seen.shape == (8, 3, 16, 16)
    assert seen.dtype == torch.uint8
    assert not torch.equal(seen[0], seen[1])


def test_the_same_seed_gives_the_same_views(ramp: torch.Tensor) -> None:
    assert torch.equal(views("strong", ramp, seed=3), views("strong", ramp, seed=3))
    assert not torch.equal(views("strong", ramp, seed=3), views("strong", ramp, seed=4))


def test_shift_never_mirrors_and_mirror_does(ramp: torch.Tensor) -> None:
    def rises(seen: torch.Tensor) -> list[bool]:
        columns = seen.float().mean((1, 2))  # (images, width)
        return (columns[:, -1] > columns[:, 0]).tolist()

    many = ramp.repeat(8, 1, 1, 1)
    assert all(rises(views("shift", many)))
    assert 0.2 < sum(rises(views("mirror", many))) / len(many) < 0.8


def test_none_is_no_augmentation_and_a_strange_name_is_refused() -> None:
    assert get_augmentation("none") is None
    with pytest.raises(UnknownName, match="Did you mean 'mirror'"):
        get_augmentation("miror")
