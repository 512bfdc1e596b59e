"""The weights of TabICL: their file, and its conversion from the published checkpoint."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from autotl.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor

VARIABLE = "AUTOTL_TABICL_WEIGHTS"
"""The environment variable that names the file of weights."""
REPOSITORY = "jingang/TabICL"
CHECKPOINT = "tabicl-classifier-v2-20260212.ckpt"
"""The published checkpoint of TabICLv2 for classification, a pickle."""
CONVERT = "python -m autotl_tabicl"
"""The command that fetches and converts the checkpoint."""


def weights_file() -> Path:
    """Return the file of weights, which may not exist.

    It is the file in ``AUTOTL_TABICL_WEIGHTS``, or else the output of the conversion.
    """
    given = os.environ.get(VARIABLE, "").strip()
    if given:
        return Path(given).expanduser()
    return platformdirs.user_data_path("autotl") / Path(CHECKPOINT).with_suffix(".safetensors").name


def read_weights(file: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Read the arguments of TabICL, and its tensors by name.

    Raises:
        WeightsError: :class:`autotl.errors.WeightsError`, if there is no such file, or it was not written by
            the conversion.
    """
    from safetensors import SafetensorError, safe_open

    if not file.is_file():
        raise WeightsError(
            f"{VARIABLE} must name the weights of TabICL (got {file}, which does not exist). Run "
            f"`{CONVERT}` once, which downloads them, or `{CONVERT} FILE` with a copy of {CHECKPOINT}."
        )
    try:
        with safe_open(file, framework="pt") as opened:
            config = json.loads((opened.metadata() or {})["tabicl"])
            names = opened.keys()
            return dict(config), {name: opened.get_tensor(name) for name in names}
    except (SafetensorError, OSError, KeyError, ValueError, TypeError) as error:
        raise WeightsError(
            f"{VARIABLE} must name a safetensors file with TabICL's arguments (got {file}: {error!r}). "
            f"A checkpoint of TabICL is a pickle: convert it once by `{CONVERT} FILE`."
        ) from error


def write_weights(file: Path, config: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
    """Write the arguments of TabICL and its tensors.

    Args:
        file: The safetensors file.
        config: Arguments of TabICL, as JSON values.
        tensors: Its tensors by name.
    """
    from safetensors.torch import save_file

    file.parent.mkdir(parents=True, exist_ok=True)
    kept = {name: value.contiguous().clone() for name, value in tensors.items()}
    save_file(kept, file, metadata={"tabicl": json.dumps(dict(config))})


def check_digest(checkpoint: Path, sha256: str) -> None:
    """Check a pickle before it is opened.

    Args:
        checkpoint: The file.
        sha256: The SHA-256 of the published file, as hexadecimal digits; "" if it is not given.

    Raises:
        WeightsError: :class:`autotl.errors.WeightsError`, if the file has another digest, or cannot be read.
    """
    try:
        with checkpoint.open("rb") as opened:
            found = hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"FILE must be readable (got {checkpoint}: {error.strerror}).") from error
    if found != sha256.strip().lower():
        raise WeightsError(
            f"--sha256 must be the SHA-256 of {checkpoint}, which is {found} (got {sha256 or 'none'}). "
            f"Compare it with that of {CHECKPOINT} on https://huggingface.co/{REPOSITORY}. If both are "
            "equal, pass it."
        )


def convert(checkpoint: Path, file: Path, *, sha256: str) -> None:
    """Convert a checkpoint of TabICL to safetensors.

    The checkpoint is a pickle. It is read only if its digest is the given one, and without running code, by
    torch's ``weights_only``.

    Args:
        checkpoint: The published file.
        file: The safetensors file to write.
        sha256: The SHA-256 of the published file.

    Raises:
        WeightsError: :class:`autotl.errors.WeightsError`, if the file has another digest, or is no checkpoint
            of a TabICL classifier.
    """
    check_digest(checkpoint, sha256)
    import pickle

    import torch

    try:
        found = torch.load(checkpoint, map_location="cpu", weights_only=True)
        config, tensors = dict(found["config"]), dict(found["state_dict"])
        json.dumps(config)
    except (OSError, RuntimeError, pickle.UnpicklingError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(
            f"FILE must be a checkpoint of TabICL (got {checkpoint}: {type(error).__name__}). "
            f"Download {CHECKPOINT} from https://huggingface.co/{REPOSITORY}."
        ) from error
    if not config.get("max_classes"):
        raise WeightsError(
            f"FILE must be a classifier (got {checkpoint}, which has no classes). Download {CHECKPOINT}."
        )
    write_weights(file, config, tensors)


def download() -> Path:
    """Download the published checkpoint, or return the cached one.

    Raises:
        WeightsError: :class:`autotl.errors.WeightsError`, if the Hugging Face hub cannot be reached.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    # the hub's client passes on errors of its HTTP library, which are OSError or RuntimeError
    try:
        return Path(hf_hub_download(REPOSITORY, CHECKPOINT))
    except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, OSError, RuntimeError) as error:
        raise WeightsError(
            f"The Hugging Face hub must be reachable (got {type(error).__name__}). Download {CHECKPOINT} "
            f"from https://huggingface.co/{REPOSITORY} on another machine, and run `{CONVERT} FILE`."
        ) from error
