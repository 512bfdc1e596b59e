"""Replace and set the classifier of a timm model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from autotl.errors import WeightsError
from autotl.heads import Head, detach_head

Classifier = nn.Linear | nn.Conv2d


def heads(model: nn.Module) -> tuple[nn.Module, ...]:
    """Return the classifiers of a model.

    There is usually one, two in distilled models, and none without a head.
    """
    stock: Any = model
    classifier = stock.get_classifier()
    found = tuple(classifier) if isinstance(classifier, tuple | list | nn.ModuleList) else (classifier,)
    return tuple(head for head in found if isinstance(head, nn.Module) and not isinstance(head, nn.Identity))


def new_head(model: nn.Module, classes: int) -> nn.Module:
    """Replace the classifier by one with outputs of zero.

    The model is returned. Pretrained layers before the last linear layer, such as a norm of the head, are
    kept.

    Args:
        model: The model, which is changed.
        classes: The number of classes; 0 removes the classifier.
    """
    stock: Any = model
    device = next(model.parameters()).device
    detach_head(model)
    with torch.random.fork_rng(devices=[]):  # timm initialises the new layer at random
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
    """Set the classifier to a linear one of :func:`pooled` features.

    The model is returned. A classifier of another size is replaced first.

    Args:
        model: The model, which is changed.
        weight: The weights, (classes, features).
        bias: The biases, (classes,).

    Raises:
        WeightsError: The classifier is no linear layer of these features with a bias.
    """
    stock: Any = model
    if stock.num_classes != len(weight):
        new_head(model, len(weight))
    for head in heads(model):
        if not isinstance(head, Classifier) or head.bias is None or head.weight[0].numel() != weight.shape[1]:
            raise WeightsError(
                f"The classifier of {type(model).__name__} must be a linear layer of {weight.shape[1]} "
                f"features with a bias (got {head}). Choose another backbone."
            )
        # The outputs of two heads are averaged, and so are their features: equal weights in both are exact.
        head.weight.copy_(weight.view_as(head.weight))
        head.bias.copy_(bias)
    return model


def ends_linear(model: nn.Module) -> bool:
    """Return whether a model ends with a plain linear layer.

    :func:`scale_head` is then exact.
    """
    found = heads(model)
    return bool(found) and all(isinstance(head, Classifier) for head in found)


def can_scale(model: nn.Module) -> bool:
    """Return whether :func:`scale_head` can change the outputs of a model."""
    return ends_linear(model) or any(isinstance(head, Head) for head in heads(model))


def scale_head(
    model: nn.Module, scale: float | Sequence[float], shift: float | Sequence[float] = 0.0
) -> nn.Module:
    """Multiply the outputs of a model, and add to them.

    The classifier changes, or the scale and shift of another head. The model is returned.

    Args:
        model: The model, which is changed.
        scale: The factor of each output, or one for all.
        shift: The addend of each output, or one for all.

    Raises:
        WeightsError: The classifier is neither a plain linear layer nor a head with a scale.
    """
    if not can_scale(model):
        raise _no_linear_layer(model)
    factors, addends = torch.tensor(scale), torch.tensor(shift)
    for head in heads(model):  # the outputs of two heads are averaged
        if isinstance(head, Head):
            head.rescale(factors, addends)
        elif isinstance(head, Classifier):
            _rescale(head, factors, addends)
    return model


@torch.no_grad()
def _rescale(layer: Classifier, scale: Tensor, shift: Tensor) -> None:
    scale, shift = scale.to(layer.weight), shift.to(layer.weight)
    layer.weight.mul_(scale.view(-1, *(1 for _ in layer.weight.shape[1:])))  # (outputs or 1, 1, …)
    if layer.bias is not None:
        layer.bias.mul_(scale).add_(shift)
    elif bool(shift.any()):
        layer.bias = nn.Parameter(shift.expand(len(layer.weight)).clone())


@torch.no_grad()
def classifier_of(model: nn.Module) -> tuple[Tensor, Tensor]:
    """Return copies of the classifier's weights (classes, features) and biases (classes,).

    Two heads are averaged.

    Raises:
        WeightsError: The classifier is no plain linear layer.
    """
    found = heads(model)
    linear = [head for head in found if isinstance(head, Classifier)]
    if not linear or len(linear) < len(found):
        raise _no_linear_layer(model)
    weights = [head.weight.flatten(1) for head in linear]  # a 1×1 convolution has 4 dimensions
    biases = [w.new_zeros(len(w)) if h.bias is None else h.bias for h, w in zip(linear, weights, strict=True)]
    return torch.stack(weights).mean(0), torch.stack(biases).mean(0)


def pooled(model: nn.Module, x: Tensor) -> Tensor:
    """Return the features (rows, features) before the classifier.

    Args:
        model: The model.
        x: Normalised images, (rows, 3, h, w).
    """
    stock: Any = model
    features: Tensor = stock.forward_head(stock.forward_features(x), pre_logits=True)
    return features.flatten(1)  # before a 1×1 convolution they are (rows, features, 1, 1)


def _last_layers(model: nn.Module) -> list[Classifier]:
    layers = [[m for m in head.modules() if isinstance(m, Classifier)] for head in heads(model)]
    if not layers or not all(layers):
        raise WeightsError(f"{type(model).__name__} must have a linear classifier. Choose another backbone.")
    return [found[-1] for found in layers]


def _no_linear_layer(model: nn.Module) -> WeightsError:
    return WeightsError(
        f"The classifier of {type(model).__name__} must be a linear layer. Choose another backbone."
    )
