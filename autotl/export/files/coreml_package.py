"""Write a Core ML package, and the facts in it."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

from torch.export import ExportedProgram

from autotl.errors import ExportError, described

FACTS = "autotl"
"""The key of the facts in the metadata."""
MAX_BATCH = 64
"""The most images of a batch: Core ML needs a bound."""
NAMES = ("predictions", "outputs")


def write_coreml(path: Path, program: ExportedProgram, facts: Mapping[str, Any]) -> None:
    """Write a graph as an ML program, and check the package.

    The program computes in float32.

    Args:
        path: The ``.mlpackage``, which is a folder.
        program: The graph of float32 pixels.
        facts: The facts, as JSON data.

    Raises:
        ExportError: Core ML's tools cannot convert the network, or the package differs from the model.
    """
    try:
        with _quiet():
            import coremltools  # an optional package, slow to import

            model = coremltools.convert(
                program.run_decompositions({}),
                outputs=[coremltools.TensorType(name=name) for name in NAMES],
                convert_to="mlprogram",
                compute_precision=coremltools.precision.FLOAT32,  # float16, the default, changes the answers
                minimum_deployment_target=coremltools.target.macOS13,
                skip_model_load=True,
            )
            model.user_defined_metadata[FACTS] = json.dumps(facts)
            model.save(str(path))
            written = coremltools.utils.load_spec(str(path)).description
    except Exception as error:  # coremltools raises many kinds of errors for operators that it lacks
        raise ExportError(
            f"The network cannot be written for Core ML: {described(error)[:500]}. Export it as onnx."
        ) from error
    _check(written, facts)


def _check(found: Any, facts: Mapping[str, Any]) -> None:
    """Raise ExportError if a package has other names, sizes or facts than the model."""
    size = facts["input_size"]
    inputs = [
        (
            each.name,
            [(side.lowerBound, side.upperBound) for side in each.type.multiArrayType.shapeRange.sizeRanges],
        )
        for each in found.input
    ]
    outputs = {each.name for each in found.output}
    expected = [("images", [(1, MAX_BATCH), (size, size), (size, size), (3, 3)])]
    if inputs != expected or outputs != set(NAMES) or found.metadata.userDefined[FACTS] != json.dumps(facts):
        raise ExportError(
            f"The package must have the facts of the model, the input {expected} and the outputs "
            f"{', '.join(NAMES)} (got {inputs} and {', '.join(outputs)}). Export it as onnx."
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence coremltools, which warns of other versions and draws bars of progress."""
    logger = logging.getLogger("coremltools")
    level = logger.level
    with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            logger.setLevel(level)
