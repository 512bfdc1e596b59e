"""Write and load the folder of a network for texts."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, cast

from torch import nn

from autotl import jsonio
from autotl.api import DeliveredNetwork, TextConfig, Weights
from autotl.backbone import create
from autotl.files import write_bytes
from autotl.modalities.text.form import (
    CONFIG_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    TextForm,
    TextInput,
    read_form,
)
from autotl.modalities.text.networks import TextNetwork
from autotl.modalities.text.tokens import NGRAMS
from autotl.results.head_files import LOADER_FILE, write_tensors
from autotl.results.texts.loader import text_loader, with_text_network


def write_text_network(folder: Path, network: DeliveredNetwork) -> None:
    """Write the weights, configuration, tokenizer and loader of a network.

    A loader of a head that is not linear is there already.

    Args:
        folder: The new folder.
        network: The network, with further entries of the configuration.
    """
    model = cast(TextNetwork, network.model)
    config = model.input_config
    write_tensors(folder / WEIGHTS_FILE, model.state_dict())
    form = TextForm(
        model.pretrained_cfg["architecture"],
        TextInput(network.input_size, _encoder(folder, config), config.padding, config.special, config.fixed),
        model.arguments,
        network.outputs,
    )
    loader = folder / LOADER_FILE
    code = with_text_network(loader.read_text(encoding="utf-8")) if loader.is_file() else text_loader()
    write_bytes(loader, code.encode())
    described = {**jsonio.plain(form), "num_features": model.num_features, **network.entries}
    jsonio.write(folder / CONFIG_FILE, described)


def load_text_network(folder: Path) -> tuple[dict[str, Any], nn.Module, TextConfig]:
    """Return the configuration, the network, and the form of its texts.

    A head that is not linear is missing.

    Raises:
        WeightsError: The folder is damaged.
    """
    form = read_form(folder)
    weights = Weights(
        folder.name, form.architecture, f"local folder {folder}", folder=folder, modality="text"
    )
    return jsonio.read(folder / CONFIG_FILE), create(weights), form.input.config(folder)


def _encoder(folder: Path, config: TextConfig) -> str:
    """Copy the tokenizer, and return its name in the folder."""
    if config.encoder.startswith(NGRAMS):
        return config.encoder
    shutil.copyfile(config.encoder, folder / TOKENIZER_FILE)
    return TOKENIZER_FILE
