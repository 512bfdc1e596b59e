"""Read vectors of words from a matrix with a list of words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autotl.builtin.sources.word_vectors.limits import check_limits
from autotl.errors import WeightsError

VOCABULARY = "vocab.txt"


def vocabulary_of(path: Path) -> Path:
    """Return the list of words of a file ``NAME.safetensors``.

    It is ``NAME.txt`` or else ``vocab.txt`` in the same folder.

    Raises:
        WeightsError: There is no list.
    """
    for file in (path.with_suffix(".txt"), path.with_name(VOCABULARY)):
        if file.is_file():
            return file
    raise WeightsError(
        f"{path} needs a file with one word per line in the same folder: {path.with_suffix('.txt').name} or "
        f"{VOCABULARY} (got no such file). Add the file."
    )


def read_matrix(path: Path) -> tuple[list[str], NDArray[np.float32]]:
    """Return the words and their vectors, float32 (words, width).

    Raises:
        WeightsError: The file holds no single matrix, or another number of words.
        OSError: A file cannot be read.
    """
    from safetensors import SafetensorError, safe_open  # not needed to list plugins

    try:
        with safe_open(path, "pt") as stored:
            shapes = {name: tuple(stored.get_slice(name).get_shape()) for name in stored.keys()}  # noqa: SIM118 - no mapping
            names = [name for name, shape in shapes.items() if len(shape) == 2]
            if len(names) != 1:
                raise WeightsError(
                    f"{path} must hold a single matrix (got {len(names)}: {', '.join(names[:5]) or 'none'}). "
                    "Save the vectors alone."
                )
            check_limits(path, words=shapes[names[0]][0], width=shapes[names[0]][1])
            vectors = stored.get_tensor(names[0]).float().numpy()
    except SafetensorError as error:
        raise WeightsError(f"{path} cannot be read: {error}. Save it again as safetensors.") from error
    listed = vocabulary_of(path)
    words = listed.read_text(encoding="utf-8-sig", errors="replace").removesuffix("\n").split("\n")
    if len(words) != len(vectors):
        raise WeightsError(
            f"{listed} must have a word for each of the {len(vectors):,} rows of {path} (got {len(words):,} "
            "lines). Give the list of the same vectors."
        )
    if not np.isfinite(vectors).all():
        raise WeightsError(f"The numbers of {path} must be finite. Save it again.")
    return [word.strip() for word in words], vectors
