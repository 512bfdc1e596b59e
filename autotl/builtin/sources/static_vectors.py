"""Open vectors of tokens that are installed as a Python package."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from autotl import hookimpl
from autotl.api import Applies, BackboneSource, Weights
from autotl.builtin.sources.vectors_folder import MAX_TOKENS, write_vectors
from autotl.builtin.sources.written_folder import write_once
from autotl.cache import user_cache
from autotl.errors import UnknownName, WeightsError

PREFIX = "static:"
NAME = "wordllama"
INSTALL = "Install it: python -m pip install 'autotl[text]'"
FORMAT = 2
"""Version of the written folder; folders of older versions are not opened."""


@dataclass(frozen=True, slots=True)
class Package:
    """A distribution with vectors of tokens.

    Attributes:
        distribution: The name of the distribution.
        vectors: The file of the vectors, relative to the folder in which the distribution is installed.
        tokenizer: The file of the tokenizer, relative to the same folder.
        tensor: The name of the vectors in their file.
    """

    distribution: str
    vectors: str
    tokenizer: str
    tensor: str


WORDLLAMA = Package(
    "wordllama",
    "wordllama/weights/l2_supercat_256.safetensors",
    "wordllama/tokenizers/l2_supercat_tokenizer_config.json",
    "embedding.weight",
)


class StaticVectors:
    """Opens ``static:wordllama``, vectors of 32,000 tokens with 256 numbers each.

    Their mean over a text is its features. The vectors were distilled from the token embeddings of language
    models (Miller, WordLlama, 2024, MIT). They are used as Word2Vec and GloVe are, and can be fine-tuned.
    """

    name = "static"
    summary = "static:wordllama, vectors of tokens from an installed package; needs no network"

    def __init__(self, cache: Path | None = None, package: Package = WORDLLAMA) -> None:
        self._cache, self._package = cache, package

    def offers(self) -> Sequence[str]:
        return (f"{PREFIX}{NAME}",) if self._files() is not None else ()

    def opens(self, name: str) -> Applies:
        if name.startswith(PREFIX):
            return Applies(True, "it is named as static vectors")
        return Applies(False, f"its name does not begin with {PREFIX}")

    def open(self, name: str) -> Weights:
        if name.removeprefix(PREFIX) != NAME:
            raise UnknownName("backbone", name, (f"{PREFIX}{NAME}",))
        files = self._files()
        if files is None:
            raise WeightsError(
                f"The package {self._package.distribution} with the vectors of {name!r} is not installed. "
                f"{INSTALL}"
            )
        folder = (self._cache or user_cache() / "backbones") / f"{NAME}-{_key(*files)}"
        write = partial(_write, *files, tensor=self._package.tensor)
        write_once(folder, write, what=f"The vectors of {NAME!r}", size=files[0].stat().st_size)
        return Weights(
            name=NAME,
            timm_name="static",
            origin=f"embeddings of language models, from the package {self._package.distribution} (MIT)",
            folder=folder,
            modality="text",
        )

    def _files(self) -> tuple[Path, Path] | None:
        """Return the files of the vectors and the tokenizer if they are installed."""
        try:
            found = distribution(self._package.distribution)
        except PackageNotFoundError:
            return None
        files = [
            Path(str(found.locate_file(name))) for name in (self._package.vectors, self._package.tokenizer)
        ]
        return (files[0], files[1]) if all(file.is_file() for file in files) else None


def _key(vectors: Path, tokenizer: Path) -> str:
    """Return a digest of all that the converted folder depends on."""
    digest = hashlib.sha256(f"{FORMAT} {MAX_TOKENS}".encode())
    for file in (vectors, tokenizer):
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:16]


def _write(vectors: Path, tokenizer: Path, folder: Path, *, tensor: str) -> None:
    """Write the vectors, the tokenizer, the expected frequencies of its tokens and the description."""
    import torch  # not needed to list plugins
    from safetensors.torch import load_file

    from autotl.modalities.text.likeness.frequencies import expected_frequencies, save_frequencies
    from autotl.modalities.text.tokens import padding_of

    found = load_file(vectors).get(tensor)
    if found is None or found.ndim != 2:
        raise WeightsError(
            f"{vectors} must hold {tensor} as a matrix. Install another version of the package."
        )
    padding = padding_of(tokenizer)
    if padding >= len(found):
        found = torch.cat([found, found.new_zeros(padding + 1 - len(found), found.shape[1])])
    write_vectors(folder, found, padding=padding)
    shutil.copyfile(tokenizer, folder / "tokenizer.json")
    if (shares := expected_frequencies(tokenizer, len(found))) is not None:
        save_frequencies(folder, shares)


@hookimpl
def autotl_backbones() -> Iterable[BackboneSource]:
    return [StaticVectors()]
