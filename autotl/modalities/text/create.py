"""Create a network for texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch import Tensor, nn

from autotl.api import TextConfig, Weights
from autotl.errors import UnknownName, WeightsError
from autotl.modalities.text.encoder import empty_encoder
from autotl.modalities.text.form import WEIGHTS_FILE, TextForm, form_of
from autotl.modalities.text.networks import TextNetwork, WeightedBag, token_vectors


def create_network(weights: Weights, *, pretrained: bool) -> TextNetwork:
    """Create a network for texts on the CPU.

    Args:
        weights: The address of the weights.
        pretrained: Whether to load the weights; else they are random.

    Raises:
        UnknownName: There is no such architecture.
        WeightsError: The folder is damaged.
    """
    form = form_of(weights)
    network = build_network(form, form.input.config(weights.folder))
    if pretrained and weights.folder is not None:
        load_tensors(network, form, weights.folder)
    return network


def build_network(form: TextForm, config: TextConfig) -> TextNetwork:
    """Return a network with random weights and without a classifier.

    Args:
        form: Its description.
        config: The form of the texts.

    Raises:
        UnknownName: There is no such architecture.
        WeightsError: The arguments do not fit the architecture.
    """
    if form.architecture not in _BODIES:
        raise UnknownName("architecture", form.architecture, _BODIES)
    try:
        body, width = _BODIES[form.architecture](form.arguments, config)
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(
            f"The arguments of the architecture {form.architecture} cannot be used: {error!r}. "
            "Copy the folder again."
        ) from error
    return TextNetwork(body, config, architecture=form.architecture, arguments=form.arguments, width=width)


def load_tensors(network: TextNetwork, form: TextForm, folder: Path) -> None:
    """Load the weights of a folder into a network, with its classifier.

    Args:
        network: The network, which is changed.
        form: Its description.
        folder: The folder.

    Raises:
        WeightsError: The weights are missing, or are those of another network.
    """
    network.reset_classifier(form.num_classes)
    file = folder / WEIGHTS_FILE
    try:
        tensors = {name: value.float() for name, value in load_file(file).items()}
        network.load_state_dict(by_own_names(tensors, network.state_dict()))
    except Exception as error:  # safetensors and torch raise their own errors for damaged files
        raise WeightsError(f"{file} cannot be loaded: {str(error)[:300]}. Copy the folder again.") from error


def _static(arguments: Mapping[str, Any], config: TextConfig) -> tuple[nn.Module, int]:
    width = int(arguments["width"])
    return token_vectors(int(arguments["vocabulary"]), width, config.padding), width


def _tfidf(arguments: Mapping[str, Any], config: TextConfig) -> tuple[nn.Module, int]:
    width = int(arguments["width"])
    return WeightedBag(int(arguments["vocabulary"]), width), width


def _encoder(arguments: Mapping[str, Any], config: TextConfig) -> tuple[nn.Module, int]:
    body = empty_encoder(arguments["config"], padding=config.padding)
    return body, body.width


_BODIES: Mapping[str, Callable[[Mapping[str, Any], TextConfig], tuple[nn.Module, int]]] = {
    "static": _static,
    "tfidf": _tfidf,
    "encoder": _encoder,
}
"""The builders of bodies with random weights, which return the width of the features as well."""


def by_own_names(tensors: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Return tensors by the names that they have in a network.

    In a folder of transformers, names lack the body, and may start with that of a task's model. Heads of
    tasks are left out.

    Args:
        tensors: The tensors of a file.
        own: The tensors of the network.
    """
    if not any(name.startswith("body.model.") for name in own) or tensors.keys() & own.keys():
        return tensors
    found = {}
    for name, value in tensors.items():
        for short in (name, name.partition(".")[2]):
            if f"body.model.{short}" in own:
                found[f"body.model.{short}"] = value
    return found
