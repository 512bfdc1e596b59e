"""Compare the predictions of an exported file with autotl's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.api import Target
from autotl.errors import ExportError
from autotl.export.checking.fresh_process import batch_sizes, run_script
from autotl.export.checking.image_files import view_files
from autotl.export.checking.run_images import FoundImages
from autotl.metrics import Metric, get_metric
from autotl.results import EnsemblePredictor, Predictor
from autotl.results.by_target.prediction_rows import THRESHOLD
from autotl.targets import target_of

Floats = NDArray[np.float64]
MAX_DIFFERENT = 0.001
"""The largest share of images with another label."""
MAX_LOSS = 0.005
"""The largest loss of the score, in units of accuracy."""
TIE = 1e-4
"""Labels whose probabilities differ by less are tied: either is right. Numbers: share of their spread."""

FLOAT32_NOISE = 1e-5
"""The difference of two runtimes, as a share of the largest number."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """An exported file beside autotl on the same images.

    Attributes:
        source: The kind of images.
        images: Their number.
        why: Why they are not the test images of the run; "" if they are.
        batch_sizes: The sizes of the batches, each once.
        largest_difference: The largest difference of a probability, or of a number in its unit.
        equal_labels: The share of images with the same label, or the same numbers.
        metric: The metric; None without known targets.
        score: The score of the file, as reports show it.
        autotl_score: The score of autotl on the same images.
        loss: The loss of the score, in units of accuracy; negative if the file is better.
    """

    source: str
    images: int
    why: str
    batch_sizes: tuple[int, ...]
    largest_difference: float
    equal_labels: float
    metric: str | None = None
    score: float | None = None
    autotl_score: float | None = None
    loss: float | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """Predictions of two models on the same images.

    Attributes:
        target: The target, in the user's units.
        expected: The predictions of autotl, (n, k).
        found: The predictions of the file, (n, k).
        expected_outputs: The outputs of autotl, in the user's units.
        found_outputs: The outputs of the file.
    """

    target: Target
    expected: Floats
    found: Floats
    expected_outputs: NDArray[np.float32]
    found_outputs: NDArray[np.float32]

    @property
    def equal_labels(self) -> float:
        """The share of images with the same labels, or the same numbers."""
        return float(_same(self.expected, self.found, self.target).mean())

    def scores(self, targets: NDArray[Any], metric: Metric) -> tuple[float, float, float]:
        """Return the scores of file and autotl, and the loss.

        The scores are as reports show them; the loss is in units of accuracy.
        """
        ours, theirs = (metric(targets, each) for each in (self.expected_outputs, self.found_outputs))
        loss = (ours - theirs) / metric.accuracy_scale(targets, self.target)
        return metric.reported(theirs), metric.reported(ours), loss


def compare(
    folder: Path,
    file: str,
    predictor: Predictor | EnsemblePredictor,
    images: FoundImages,
    metric: Metric,
) -> Comparison:
    """Run an exported file in a fresh process, and compare its predictions.

    Args:
        folder: The folder of the file and of ``predict.py``.
        file: The name of the file.
        predictor: The model, on the CPU.
        images: The images.
        metric: Scores the predictions, if the targets are known.

    Raises:
        ExportError: No image can be read, or the file cannot be run.
    """
    with TemporaryDirectory() as scratch:
        files = view_files(images, predictor.views[0], predictor.scale, Path(scratch))
        if not files.rows:
            raise ExportError(f"The {images.source} must be readable (none is). Give other --images.")
        found, outputs = run_script(folder, file, files.paths)
        expected = predictor.outputs_of_views([files.pixels])
    target = target_of(predictor.target.spec.in_units)
    numbers = predictor.target.predict(expected)
    own = numbers.astype(np.float32) if target.spec.kind == "regression" else expected
    if outputs.shape != own.shape:
        raise ExportError(f"The outputs of {file} must have the shape {own.shape} (got {outputs.shape}).")
    both = Compared(target, numbers, found.astype(np.float64), own, outputs)
    targets = None if images.targets is None else images.targets[list(files.rows)]
    return Comparison(
        images.source,
        len(files.rows),
        images.why,
        batch_sizes(len(files.rows)),
        float(np.abs(both.expected - both.found).max()),
        both.equal_labels,
        **_scores(both, targets, metric),
    )


def _scores(both: Compared, targets: NDArray[Any] | None, metric: Metric) -> dict[str, Any]:
    """Return the fields of scores; empty if the metric is undefined on these images."""
    metric = get_metric(metric, both.target.spec)
    if targets is None or metric.why_undefined(targets):
        return {}
    score, autotl_score, loss = both.scores(targets, metric)
    return {"metric": metric.name, "score": score, "autotl_score": autotl_score, "loss": loss}


def check(found: Comparison, file: str) -> None:
    """Check that a file predicts as autotl does.

    Args:
        found: The comparison.
        file: The name of the file.

    Raises:
        ExportError: Too many labels differ, the score falls, or a prediction is no finite number.
    """
    difference = f"largest difference {found.largest_difference:.3g}"
    if not found.equal_labels >= 1 - MAX_DIFFERENT:
        raise ExportError(
            f"{file} must predict as autotl does (got other labels on {1 - found.equal_labels:.1%} of "
            f"{found.images} {found.source}, {difference}). It was not kept. Choose another format."
        )
    if found.loss is not None and not found.loss <= MAX_LOSS:
        raise ExportError(
            f"{file} must score as autotl does (got {found.metric} {found.score:.4g} instead of "
            f"{found.autotl_score:.4g} on {found.images} {found.source}). It was not kept. Choose another "
            "format."
        )
    if not np.isfinite(found.largest_difference):
        raise ExportError(f"The predictions of {file} must be finite (got {difference}). It was not kept.")


def _same(expected: Floats, found: Floats, target: Target) -> NDArray[np.bool_]:
    """Return whether each image has the same label, labels or numbers, (n,)."""
    kind = target.spec.kind
    if kind == "multi_label":
        tied = np.abs(expected - THRESHOLD) < TIE
        same: NDArray[np.bool_] = (((expected > THRESHOLD) == (found > THRESHOLD)) | tied).all(1)
        return same
    if kind == "regression":
        size = np.abs(expected).max(0)
        spread = np.maximum(expected.std(0), size * TIE)
        allowed = MAX_DIFFERENT * spread + FLOAT32_NOISE * size + TIE**2
        return np.asarray((np.abs(expected - found) <= allowed).all(1))
    chosen = np.take_along_axis(expected, found.argmax(1)[:, None], axis=1)[:, 0]
    return np.asarray(chosen >= expected.max(1) - TIE)
