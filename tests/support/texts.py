"""Small texts with planted classes, and vectors of tokens that know their words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

TOPICS = {
    "animals": ("cat", "dog", "horse", "bird", "mouse", "sheep"),
    "food": ("bread", "cheese", "apple", "soup", "rice", "cake"),
    "weather": ("rain", "snow", "storm", "wind", "cloud", "frost"),
}
OTHERS = ("the", "a", "and", "saw", "today", "there", "we", "was", "of", "in", "some", "near")
WIDTH = 16


def sentences(each: int = 30, *, classes: int = 3, seed: int = 0) -> tuple[list[str], list[str]]:
    """Return texts with one word of their topic among others, and the topics."""
    rng = np.random.default_rng(seed)
    texts, labels = [], []
    for topic in list(TOPICS)[:classes]:
        for _ in range(each):
            words = [*rng.choice(OTHERS, 5), *rng.choice(TOPICS[topic], 2)]
            texts.append(" ".join(rng.permutation(words)))
            labels.append(topic)
    return texts, labels


def vectors_folder(folder: Path, *, known: bool = True, seed: int = 0) -> Path:
    """Write a folder of token vectors and return it.

    Args:
        folder: The new folder.
        known: Whether words of one topic have similar vectors; else all are random.
        seed: Seed of the vectors.
    """
    import tokenizers

    rng = np.random.default_rng(seed)
    words = ["[UNK]", "[PAD]", *OTHERS, *(word for topic in TOPICS.values() for word in topic)]
    vectors = rng.normal(size=(len(words), WIDTH)) * 0.3
    if known:
        for topic in TOPICS.values():
            centre = rng.normal(size=WIDTH)
            for word in topic:
                vectors[words.index(word)] += centre
    tokenizer = tokenizers.Tokenizer(
        tokenizers.models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="[UNK]")
    )
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.normalizer = tokenizers.normalizers.Lowercase()
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    save_file({"body.weight": torch.from_numpy(vectors).half()}, folder / "model.safetensors")
    description = {
        "modality": "text",
        "architecture": "static",
        "arguments": {"vocabulary": len(words), "width": WIDTH},
        "input": {"input_size": 64, "encoder": "tokenizer.json", "padding": 1},
    }
    (folder / "config.json").write_text(json.dumps(description), encoding="utf-8")
    return folder
