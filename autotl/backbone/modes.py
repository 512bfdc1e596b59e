"""Look at a model in eval mode and leave every module in the mode it was found in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn


@contextmanager
def mode(model: nn.Module, *, training: bool) -> Iterator[None]:
    """The whole model in one mode for a while; a half-frozen model comes out half-frozen as it went in."""
    found = [(module, module.training) for module in model.modules()]
    model.train(training)
    try:
        yield
    finally:
        for module, was in found:
            module.training = was
