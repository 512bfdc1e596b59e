"""Write an ONNX file, and the facts in it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch.export import ExportedProgram

from autotl.errors import ExportError, described
from autotl.export.facts import PREFIX

OPSET = 18
"""The version of ONNX's operators: the lowest that torch's exporter writes, for old runtimes."""


def write_onnx(path: Path, program: ExportedProgram, facts: Mapping[str, Any]) -> None:
    """Write a graph and its facts as one ONNX file.

    Args:
        path: The file.
        program: The graph.
        facts: The facts, as JSON data.

    Raises:
        ExportError: An operator of the network does not exist in ONNX.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch and onnxscript, about their own modules
            made: Any = torch.onnx.export(
                program,
                input_names=["images"],
                output_names=["predictions", "outputs"],
                opset_version=OPSET,
                verbose=False,
            )
            made.model.metadata_props.update(metadata(facts))
            made.save(path, external_data=False)
    except Exception as error:  # the exporter raises many kinds of errors for operators that it lacks
        raise ExportError(
            f"The network cannot be written as ONNX: {described(error)[:500]}. Export it as pt2 or timm."
        ) from error


def metadata(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the facts as texts, each value as JSON."""
    return {f"{PREFIX}{key}": json.dumps(value) for key, value in facts.items()}
