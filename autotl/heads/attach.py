"""Put a head in the place of a timm model's classifier."""

from __future__ import annotations

from typing import Any

from torch import nn

from autotl.errors import WeightsError
from autotl.heads.form import HeadForm
from autotl.heads.module import Head
from autotl.heads.stage_outputs import StageTaps


def attach_head(model: nn.Module, form: HeadForm, body: nn.Module) -> Head:
    """Replace the classifier of a stock timm model.

    ``model(x)`` then returns the outputs of the head, and ``state_dict()`` holds backbone and head. The
    model's mode is kept.

    Args:
        model: The model, which is changed.
        form: The description and the widths of the head.
        body: The module that the head's kind has built.

    Returns:
        The head, on the model's device.

    Raises:
        WeightsError: The model has several classifiers, or none.
        TrainingError: The model lacks a stage of the head.
    """
    detach_head(model)
    parent, _, child = _slot(model).rpartition(".")
    taps = StageTaps(form.stage_axes)
    taps.connect(model)
    head = Head(form, body, taps).to(next(model.parameters()).device).train(model.training)
    setattr(model.get_submodule(parent), child, head)
    stock: Any = model
    stock.num_classes = form.outputs
    return head


def check_classifier(model: nn.Module) -> None:
    """Raise WeightsError unless the model has one classifier."""
    _slot(model)


def attached_head(model: nn.Module) -> Head | None:
    """Return the head that was attached to a model.

    It is None for a stock classifier.
    """
    get_classifier = getattr(model, "get_classifier", None)
    found = None if get_classifier is None else get_classifier()
    return found if isinstance(found, Head) else None


def detach_head(model: nn.Module) -> None:
    """Remove an attached head: the model then returns its pooled features."""
    head = attached_head(model)
    if head is None:
        return
    for name in head.taps.stages:
        hooks = model.get_submodule(name)._forward_hooks
        for key in [key for key, hook in hooks.items() if getattr(hook, "taps", None) is head.taps]:
            del hooks[key]
    stock: Any = model
    stock.reset_classifier(0)


def _slot(model: nn.Module) -> str:
    """Return the name of the classifier's module."""
    stock: Any = model
    classifier = stock.get_classifier()
    names: list[str] = [name for name, module in model.named_modules() if name and module is classifier]
    if len(names) != 1:
        raise WeightsError(
            f"{type(model).__name__} must have one classifier for a head that is not linear (got "
            f"{type(classifier).__name__}). Choose another backbone."
        )
    return names[0]
