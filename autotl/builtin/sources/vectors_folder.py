"""Write networks of token vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

MAX_TOKENS = 1024
"""Tokens of a text whose vectors are averaged at most."""


def write_vectors(folder: Path, vectors: Tensor, *, padding: int) -> None:
    """Write weights and description, without the tokenizer.

    Args:
        folder: The folder, which exists.
        vectors: The vector of each token, (tokens, width).
        padding: The number of the padding token, which the mean leaves out.
    """
    from safetensors.torch import save_file  # imports torch, which is not needed to list plugins

    save_file({"body.weight": vectors.contiguous()}, folder / "model.safetensors", {"format": "pt"})
    description = {
        "modality": "text",
        "architecture": "static",
        "num_classes": 0,
        "arguments": {"vocabulary": len(vectors), "width": vectors.shape[1]},
        "input": {"input_size": MAX_TOKENS, "encoder": "tokenizer.json", "padding": padding},
    }
    (folder / "config.json").write_text(json.dumps(description, indent=1) + "\n", encoding="utf-8")
