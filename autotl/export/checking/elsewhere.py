"""Let another computer verify a file that cannot run on this one."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from string import Template
from tempfile import TemporaryDirectory

import numpy as np

from autotl.export.checking.comparison import FLOAT32_NOISE, MAX_DIFFERENT, TIE
from autotl.export.checking.image_files import view_files
from autotl.export.checking.run_images import random_images
from autotl.export.formats import ExportFormat
from autotl.results import EnsemblePredictor, Predictor

TEMPLATE = files("autotl") / "export" / "templates" / "verify.py.txt"
IMAGES = 26
"""Images of coloured noise: batches of 1, 2, 7 and 16."""
SCRIPT, ANSWERS = "verify.py", "answers.npz"


def write_verification(
    folder: Path, form: ExportFormat, predictor: Predictor | EnsemblePredictor, *, seed: int
) -> None:
    """Write ``verify.py``, with images of noise and autotl's answers.

    The user's images are not copied.

    Args:
        folder: The folder of the file and of ``predict.py``.
        form: The format.
        predictor: The model, on the CPU.
        seed: The seed of the images.
    """
    images = random_images("", seed=seed).take(range(IMAGES))
    with TemporaryDirectory() as scratch:
        pixels = view_files(images, predictor.views[0], predictor.scale, Path(scratch)).pixels
    answers = predictor.target.predict(predictor.outputs_of_views([pixels]))
    np.savez_compressed(
        folder / ANSWERS,
        pixels=np.ascontiguousarray(pixels.transpose(0, 2, 3, 1)),
        predictions=answers.astype(np.float32),
    )
    (folder / SCRIPT).write_text(verification_script(form), encoding="utf-8")


def verification_script(form: ExportFormat) -> str:
    """Return the code of ``verify.py``, which judges answers as :class:`Compared` does."""
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        file=form.file, answers=ANSWERS, images=IMAGES, most=MAX_DIFFERENT, tie=TIE, noise=FLOAT32_NOISE
    )
