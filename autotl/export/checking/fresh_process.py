"""Run ``predict.py`` in a fresh process, as users do."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from itertools import chain, repeat
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from autotl.errors import ExportError

Outputs = NDArray[np.float32]
FIRST_BATCHES = (1, 2, 7)
"""Sizes of the first batches: a file with a fixed number of images fails on them."""
BATCH_SIZE = 16
TIMEOUT = 3600
"""Seconds after which the process is ended."""
CODE = """
import json, sys
import numpy as np
sys.path.insert(0, sys.argv[1])
import predict
facts, run = predict.load(sys.argv[2])
paths, sizes, found = json.load(open(sys.argv[3], encoding="utf-8")), json.loads(sys.argv[4]), []
while paths:
    size = sizes.pop(0) if len(sizes) > 1 else sizes[0]
    batch, paths = paths[:size], paths[size:]
    found.append(run(np.stack([predict.pixels(path, facts) for path in batch])))
for name, parts in zip(("predictions", "outputs"), zip(*found)):
    np.save(sys.argv[5] + "/" + name + ".npy", np.concatenate(parts))
"""


def batch_sizes(images: int) -> tuple[int, ...]:
    """Return the sizes of the batches of images, each once."""
    sizes: dict[int, None] = {}
    for size in chain(FIRST_BATCHES, repeat(BATCH_SIZE)):
        if images <= 0:
            break
        sizes[min(size, images)] = None
        images -= size
    return tuple(sizes)


def run_script(folder: Path, file: str, images: Sequence[Path]) -> tuple[Outputs, Outputs]:
    """Return predictions and outputs (n, k) of an exported file.

    The process has batches of 1, 2 and 7 images, then of 16.

    Args:
        folder: The folder of the file and of ``predict.py``.
        file: The name of the file.
        images: The image files; one or more.

    Raises:
        ExportError: The process fails.
    """
    with TemporaryDirectory() as scratch:
        listed = Path(scratch, "images.json")
        listed.write_text(json.dumps([str(path.absolute()) for path in images]), encoding="utf-8")
        sizes = json.dumps([*FIRST_BATCHES, BATCH_SIZE])
        path = folder.absolute()
        words = [sys.executable, "-B", "-c", CODE, str(path), str(path / file), str(listed), sizes, scratch]
        try:
            ended = subprocess.run(
                words, capture_output=True, text=True, errors="replace", timeout=TIMEOUT, cwd=scratch
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ExportError(f"predict.py cannot be run: {error}.") from error
        if ended.returncode:
            said = ended.stderr.strip().splitlines() or [f"exit code {ended.returncode}"]
            raise ExportError(f"The exported {file} cannot be run: {said[-1][:500]}. Choose another format.")
        predictions, outputs = (np.load(Path(scratch, f"{name}.npy")) for name in ("predictions", "outputs"))
    return predictions, outputs
