"""Write an OpenVINO model, and the facts in it."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch.export import ExportedProgram

from autotl.errors import ExportError, described


def write_openvino(path: Path, program: ExportedProgram, facts: Mapping[str, Any]) -> None:
    """Write a graph as ``.xml`` with its weights as ``.bin``, in float32.

    Args:
        path: The ``.xml`` file.
        program: The graph.
        facts: The facts, as JSON data.

    Raises:
        ExportError: OpenVINO cannot convert the network.
    """
    import openvino  # an optional package, slow to import

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of OpenVINO and torch, about their own modules
            model = openvino.convert_model(program)
        for place, name in enumerate(("predictions", "outputs")):
            model.outputs[place].get_tensor().add_names({name})
        model.set_rt_info(json.dumps(facts), ["autotl", "facts"])
        # weights in float16, the default, change the answers
        openvino.save_model(model, str(path), compress_to_fp16=False)
    except Exception as error:  # OpenVINO raises many kinds of errors for operators that it lacks
        raise ExportError(
            f"The network cannot be written for OpenVINO: {described(error)[:500]}. Export it as onnx."
        ) from error
