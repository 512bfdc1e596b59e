"""Quantise an ONNX file to 8-bit integers, if its score allows that."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.errors import AutotlError, ExportError, described
from autotl.export.checking.comparison import MAX_LOSS, Comparison, compare
from autotl.export.checking.image_files import channels_last, view_files
from autotl.export.checking.run_images import FoundImages, images_of_part, seed_of
from autotl.export.files.onnx_file import metadata
from autotl.metrics import Metric
from autotl.results import EnsemblePredictor, Predictor, Result

CALIBRATION_IMAGES = 200
"""The most training images from which the ranges of activations are read."""
DECISION_IMAGES = 256
"""The most other training images that decide whether the 8-bit file is kept."""
OPERATORS = ("Conv", "Gemm", "MatMul")
"""The operators that compute with integers: they take the time, and the others need the precision."""


@dataclass(frozen=True, slots=True)
class Quantised:
    """The decision on an 8-bit file, and the images behind it.

    Attributes:
        calibration_images: Training images from which ranges were read.
        decision: The comparison on other training images, which decides.
    """

    calibration_images: int
    decision: Comparison


def quantise(
    folder: Path,
    file: str,
    facts: Mapping[str, Any],
    result: Result,
    predictor: Predictor | EnsemblePredictor,
    metric: Metric,
) -> Quantised:
    """Replace an ONNX file by one of 8-bit integers.

    Ranges of activations are read on training images. Other training images decide; test images are not
    used. Weights are quantised by channel (Nagel et al., A White Paper on Neural Network Quantization, 2021).

    Args:
        folder: The folder of the file and of ``predict.py``.
        file: The name of the file, which is replaced.
        facts: The facts of the file.
        result: The result of the run.
        predictor: The model, on the CPU.
        metric: The metric of the run.

    Raises:
        ExportError: There are no training images, the runtime cannot convert the file, or it loses too much.
    """
    training = _training_images(result, predictor)
    calibrating = min(CALIBRATION_IMAGES, len(training) // 2)
    with TemporaryDirectory() as scratch:
        first = training.take(range(calibrating))
        files = view_files(first, predictor.views[0], predictor.scale, Path(scratch))
        if not files.rows:
            raise ExportError("int8 needs training images that can be read (none can). Leave int8 out.")
        _convert(folder / file, files.pixels, facts, Path(scratch))
    rest = training.take(range(calibrating, min(len(training), calibrating + DECISION_IMAGES)))
    decision = compare(folder, file, predictor, rest, metric)
    _check_loss(decision)
    return Quantised(len(files.rows), decision)


def _training_images(result: Result, predictor: Predictor | EnsemblePredictor) -> FoundImages:
    try:
        found = images_of_part(result, "train", predictor.target)
    except AutotlError as error:
        raise ExportError(f"int8 needs the training images of the run. {error} Leave int8 out.") from error
    if len(found) < 2 or found.targets is None:
        raise ExportError("int8 needs labelled training images of the run. Leave int8 out.")
    return found.shuffled(seed_of(result))


def _check_loss(found: Comparison) -> None:
    if not np.isfinite(found.largest_difference):
        raise ExportError("The 8-bit model predicts numbers that are not finite. Leave int8 out.")
    if found.loss is None:
        raise ExportError("int8 needs a score on training images, and the metric has none. Leave int8 out.")
    if found.loss > MAX_LOSS:
        raise ExportError(
            f"The 8-bit model must lose less than {100 * MAX_LOSS:.1f} points of {found.metric} (got a loss "
            f"of {100 * found.loss:.1f}: {found.score:.4g} instead of {found.autotl_score:.4g} on "
            f"{found.images} {found.source} that it was not calibrated on). Leave int8 out."
        )


def _convert(path: Path, pixels: NDArray[np.uint8], facts: Mapping[str, Any], scratch: Path) -> None:
    """Quantise the weights and activations of a file.

    Args:
        path: The file, which is replaced.
        pixels: Images that show the ranges, uint8 (n, 3, s, s).
        facts: The facts, which the conversion drops.
        scratch: A folder for the file between two steps.
    """
    import onnx  # optional packages, slow to import
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared, made = scratch / "prepared.onnx", scratch / "int8.onnx"
    level = logging.getLogger().level
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of onnxruntime, about its own modules
            logging.getLogger().setLevel(logging.ERROR)  # it warns of steps that were just made
            quant_pre_process(str(path), str(prepared), skip_symbolic_shape=True)
            quantization.quantize_static(
                str(prepared),
                str(made),
                _Images(iter(channels_last(pixels))),
                quant_format=quantization.QuantFormat.QDQ,
                op_types_to_quantize=list(OPERATORS),
                per_channel=True,
                reduce_range=True,  # 8-bit products overflow on processors without VNNI
                activation_type=quantization.QuantType.QUInt8,
                weight_type=quantization.QuantType.QInt8,
            )
    except Exception as error:  # onnxruntime raises many kinds of errors for graphs that it cannot convert
        raise ExportError(
            f"The file cannot be quantised: {described(error)[:500]}. Leave int8 out."
        ) from error
    finally:
        logging.getLogger().setLevel(level)
    model = onnx.load(str(made))
    onnx.helper.set_model_props(model, metadata(facts))
    onnx.save(model, str(path))


class _Images:
    """Images one by one, as onnxruntime asks for them."""

    def __init__(self, images: Iterator[NDArray[np.uint8]]) -> None:
        self._images = images

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        """Return the inputs of the next image; None after the last."""
        image = next(self._images, None)
        return None if image is None else {"images": image}
