"""Find text encoders in the Hugging Face cache, or download them once."""

from __future__ import annotations

from pathlib import Path

import huggingface_hub as hf
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from autotl.errors import WeightsError
from autotl.modalities.text.form import CONFIG_FILE, TOKENIZER_FILE, WEIGHTS_FILE

FILES = (CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE)
"""The files that are read: neither pickles nor code."""
TIMEOUT = 4.0
"""Seconds to wait for the hub's first answer."""


def encoder_folder(repository: str) -> Path:
    """Return the local folder of a repository, downloaded once.

    Args:
        repository: The repository, such as ``"sentence-transformers/all-MiniLM-L6-v2"``.

    Raises:
        WeightsError: The repository does not exist, or the hub does not answer.
    """
    try:
        return Path(hf.snapshot_download(repository, allow_patterns=list(FILES), local_files_only=True))
    except (LocalEntryNotFoundError, ValueError):  # it is not in the cache
        pass
    try:
        return Path(hf.snapshot_download(repository, allow_patterns=list(FILES), etag_timeout=TIMEOUT))
    except (OSError, ValueError, HfHubHTTPError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WeightsError(
            f"The encoder {repository!r} is not in the Hugging Face cache, and cannot be downloaded ({why}). "
            "Give the path of a folder with its files, or use --backbone static:wordllama."
        ) from error
