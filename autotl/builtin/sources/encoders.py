"""Open text encoders in folders or on the Hugging Face hub."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from autotl import hookimpl
from autotl.api import Applies, BackboneSource, Weights
from autotl.errors import WeightsError
from autotl.modalities.text.form import (
    CONFIG_FILE,
    TOKENIZER_FILE,
    WEIGHTS_FILE,
    is_text_folder,
    is_transformers_config,
)
from autotl.modalities.text.hub import encoder_folder

PREFIX = "hf:"


class Encoders:
    """Opens ``hf:OWNER/NAME``, or the path of a folder with a text network.

    A folder is one that autotl wrote, or one of transformers with ``config.json``, ``model.safetensors`` and
    ``tokenizer.json``. Weights are read as safetensors only, and no code of a repository is run.
    """

    name = "encoders"
    summary = "a text encoder of Hugging Face: hf:OWNER/NAME, or a local folder (needs autotl[encoders])"

    def offers(self) -> Sequence[str]:
        return ()

    def opens(self, name: str) -> Applies:
        if name.startswith(PREFIX):
            return Applies(True, "it is named as a model of Hugging Face")
        folder = Path(name).expanduser()
        if folder.is_dir() and (is_text_folder(folder) or _is_transformers_folder(folder)):
            return Applies(True, "it is a folder with a text network")
        return Applies(False, f"there is no folder {name!r} with a text network")

    def open(self, name: str) -> Weights:
        if name.startswith(PREFIX):
            repository = name.removeprefix(PREFIX)
            folder, origin = encoder_folder(repository), f"Hugging Face, {repository}"
        else:
            folder = Path(name).expanduser().resolve()  # trials may run in another working directory
            origin = f"local folder {name}"
        for file in (CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE):
            if not (folder / file).is_file() and not (file == TOKENIZER_FILE and is_text_folder(folder)):
                raise WeightsError(
                    f"{folder} must hold {CONFIG_FILE}, {WEIGHTS_FILE} and {TOKENIZER_FILE} (got no {file}). "
                    "Call save_pretrained of the model, and that of its fast tokenizer, with this folder."
                )
        label = name.removeprefix(PREFIX).rpartition("/")[2] or folder.name
        return Weights(name=label, timm_name="encoder", origin=origin, folder=folder, modality="text")


def _is_transformers_folder(folder: Path) -> bool:
    try:
        document: Any = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return is_transformers_config(document)


@hookimpl
def autotl_backbones() -> Iterable[BackboneSource]:
    return [Encoders()]
