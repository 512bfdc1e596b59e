"""Open vectors of words in files of the user."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from autotl import hookimpl
from autotl.api import Applies, BackboneSource, Weights
from autotl.builtin.sources.vectors_folder import MAX_TOKENS, write_vectors
from autotl.builtin.sources.word_vectors.binary import read_binary
from autotl.builtin.sources.word_vectors.matrix import read_matrix, vocabulary_of
from autotl.builtin.sources.word_vectors.text_lines import read_lines
from autotl.builtin.sources.written_folder import write_once
from autotl.cache import user_cache
from autotl.errors import WeightsError
from autotl.importing.lazy import lazy_module

if TYPE_CHECKING:
    import tokenizers
else:  # an optional package
    tokenizers = lazy_module("tokenizers")

PREFIX = "vectors:"
FORMAT = 1
"""Version of the written folder; folders of older versions are not opened."""
INSTALL = "Install it: python -m pip install 'autotl[text]'"
_Read = Callable[[Path], tuple[list[str], NDArray[np.float32]]]
_FORMS: Mapping[str, _Read] = {".safetensors": read_matrix, ".bin": read_binary}
"""The functions that read a file, by its suffix; other files are text."""
_REFUSED = (".pkl", ".pickle", ".kv", ".model", ".npy", ".npz", ".pt", ".pth", ".zip", ".joblib")


class WordVectors:
    """Opens ``vectors:PATH``, word vectors of the user.

    The file is text in the form of GloVe or word2vec, word2vec's ``.bin``, or a matrix in ``.safetensors``
    with its words in a ``.txt`` file. The mean of the vectors over a text is its features. Unknown words are
    left out. Texts are compared in lower case if no word of the file has a capital letter.
    """

    name = "word_vectors"
    summary = "vectors:PATH, your word vectors: GloVe or word2vec text, word2vec .bin, or .safetensors"

    def __init__(self, cache: Path | None = None) -> None:
        self._cache = cache

    def offers(self) -> Sequence[str]:
        return ()

    def opens(self, name: str) -> Applies:
        if name.startswith(PREFIX):
            return Applies(True, "it is named as a file of word vectors")
        return Applies(False, f"its name does not begin with {PREFIX}")

    def open(self, name: str) -> Weights:
        given = Path(name.removeprefix(PREFIX)).expanduser()
        path = given.resolve()  # trials may run in another working directory
        if not path.is_file():
            raise WeightsError(f"There is no file {given}. Give the path of a file of word vectors.")
        if path.suffix.lower() in _REFUSED:
            raise WeightsError(
                f"{given} must be text, .bin or .safetensors (got {path.suffix}, which may hold pickles or "
                "has another form). Save the vectors as word2vec's text."
            )
        files = [path, vocabulary_of(path)] if path.suffix.lower() == ".safetensors" else [path]
        try:
            folder = (self._cache or user_cache() / "backbones") / f"vectors-{_key(files)}"
            size = path.stat().st_size
        except OSError as error:
            raise WeightsError(f"{given} cannot be read: {error.strerror}. Check the file.") from error
        write_once(folder, partial(_write, path), what=f"The vectors of {given}", size=size)
        return Weights(
            name=_unpacked(path).stem,
            timm_name="static",
            origin=f"word vectors of the user, {given}",
            folder=folder,
            modality="text",
        )


def _key(files: Sequence[Path]) -> str:
    """Return a digest of all that the converted folder depends on."""
    digest = hashlib.sha256(f"{FORMAT} {MAX_TOKENS}".encode())
    for file in files:
        with file.open("rb") as stream:
            digest.update(f" {file.suffix} ".encode() + hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:16]


def _unpacked(path: Path) -> Path:
    """Return the path without the suffix of gzip."""
    return path.with_suffix("") if path.suffix.lower() == ".gz" else path


def _write(path: Path, folder: Path) -> None:
    """Write the vectors, a tokenizer of their words, and the description."""
    import torch  # not needed to list plugins

    words, vectors = _FORMS.get(_unpacked(path).suffix.lower(), read_lines)(path)
    rows = {word: row for row, word in reversed([*enumerate(words)]) if word}  # the first of equal words
    kept = sorted(rows.values())
    numbers = {words[row]: number for number, row in enumerate(kept)}
    padding = len(kept)
    table = np.zeros((padding + 1, vectors.shape[1]), dtype=np.float32)
    np.take(vectors, kept, axis=0, out=table[:-1])
    write_vectors(folder, torch.from_numpy(table), padding=padding)
    _tokenizer(numbers, padding).save(str(folder / "tokenizer.json"))


def _tokenizer(numbers: Mapping[str, int], padding: int) -> tokenizers.Tokenizer:
    """Return a tokenizer of words, for which an unknown word is padding.

    Args:
        numbers: The number of each word.
        padding: The number of padding, which the mean leaves out.
    """
    unknown = "[PAD]"
    while unknown in numbers:
        unknown = f"[{unknown}]"
    try:
        model = tokenizers.models.WordLevel({**numbers, unknown: padding}, unk_token=unknown)
    except ImportError as error:
        raise WeightsError(
            f"Word vectors need the package tokenizers, which is not installed. {INSTALL}"
        ) from error
    found = tokenizers.Tokenizer(model)
    steps: list[Any] = [tokenizers.normalizers.NFC()]
    if all(word == word.lower() for word in numbers):
        steps.append(tokenizers.normalizers.Lowercase())
    found.normalizer = tokenizers.normalizers.Sequence(steps)
    found.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    return found


@hookimpl
def autotl_backbones() -> Iterable[BackboneSource]:
    return [WordVectors()]
