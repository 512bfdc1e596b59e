"""Replace and fill a timm model's classifier, and read the features it sees."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from autotl.errors import WeightsError

Classifier = nn.Linear | nn.Conv2d


def heads(model: nn.Module) -> tuple[nn.Module, ...]:
    """The modules that end in class scores: mostly one, two in distilled models, none without a head."""
    stock: Any = model
    found = stock.get_classifier()
    several = tuple(found) if isinstance(found, tuple | list | nn.ModuleList) else (found,)
    return tuple(
        head for head in several if isinstance(head, nn.Module) and not isinstance(head, nn.Identity)
    )


def new_head(model: nn.Module, classes: int) -> nn.Module:
    """Give ``model`` a classifier for ``classes`` whose scores all start at zero, and return the model.

    Everything in front of the last linear layer, such as a head's own norm, stays as it was trained.
    """
    stock: Any = model
    device = next(model.parameters()).device
    stock.reset_classifier(classes)
    model.to(device)
    if classes:
        for layer in _last_layers(model):
            nn.init.zeros_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return model


@torch.no_grad()
def set_head(model: nn.Module, weight: Tensor, bias: Tensor) -> nn.Module:
    """Make ``model`` score images as a linear classifier scores their :func:`pooled` features, and return it.

    ``weight`` is (classes, features) and ``bias`` (classes,). A classifier of another size is replaced first.
    """
    stock: Any = model
    if stock.num_classes != len(weight):
        new_head(model, len(weight))
    for head in heads(model):
        if not isinstance(head, Classifier) or head.bias is None or head.weight[0].numel() != weight.shape[1]:
            raise WeightsError(
                f"The classifier of {type(model).__name__} is {head}, but a linear layer of "
                f"{weight.shape[1]} features with a bias was expected. Choose another backbone."
            )
        # Two heads are averaged, and so are the features they see: the same weights in both are exact.
        head.weight.copy_(weight.view_as(head.weight))
        head.bias.copy_(bias)
    return model


def ends_linear(model: nn.Module) -> bool:
    """Whether the last thing ``model`` does is a plain linear layer, so that :func:`scale_head` is exact."""
    found = heads(model)
    return bool(found) and all(isinstance(head, Classifier) for head in found)


@torch.no_grad()
def scale_head(model: nn.Module, factor: float) -> nn.Module:
    """Multiply the scores of ``model`` by ``factor`` through the weights of its classifier, and return it.

    Raises :class:`WeightsError` where that is not a plain linear layer.
    """
    if not ends_linear(model):
        raise WeightsError(
            f"The classifier of {type(model).__name__} is not a linear layer. Choose another backbone."
        )
    for head in heads(model):  # two heads are averaged
        for value in head.parameters():
            value.mul_(factor)
    return model


@torch.no_grad()
def classifier_of(model: nn.Module) -> tuple[Tensor, Tensor]:
    """The classifier as a matrix (classes, features) and a bias (classes,), copied; two heads are averaged.

    Raises :class:`WeightsError` where it is not a plain linear layer.
    """
    found = heads(model)
    linear = [head for head in found if isinstance(head, Classifier)]
    if not linear or len(linear) < len(found):
        raise WeightsError(
            f"The classifier of {type(model).__name__} is not a linear layer. Choose another backbone."
        )
    weights = [head.weight.flatten(1) for head in linear]  # (classes, features) of a 1x1 convolution too
    biases = [w.new_zeros(len(w)) if h.bias is None else h.bias for h, w in zip(linear, weights, strict=True)]
    return torch.stack(weights).mean(0), torch.stack(biases).mean(0)


def pooled(model: nn.Module, x: Tensor) -> Tensor:
    """The features (rows, features) that the classifier sees, of normalised images."""
    stock: Any = model
    features: Tensor = stock.forward_head(stock.forward_features(x), pre_logits=True)
    return features.flatten(1)  # a head that is a 1x1 convolution sees (rows, features, 1, 1)


def _last_layers(model: nn.Module) -> list[Classifier]:
    layers = [[m for m in head.modules() if isinstance(m, Classifier)] for head in heads(model)]
    if not layers or not all(layers):
        raise WeightsError(f"{type(model).__name__} has no linear classifier. Choose another backbone.")
    return [found[-1] for found in layers]
