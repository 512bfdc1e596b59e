"""Gather the facts that an exported file holds besides its graph."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from autotl import jsonio
from autotl.export.network import ExportedModel
from autotl.report import Report

PREFIX = "autotl."
"""The beginning of the keys in an ONNX file."""


def file_facts(model: ExportedModel, report: Report, *, int8: bool) -> dict[str, Any]:
    """Return the facts as plain JSON data, which ``predict.py`` reads.

    The temperature is already in the graph: outputs are divided by it.

    Args:
        model: The exported model.
        report: The report of the run.
        int8: Whether the graph computes with 8-bit integers.
    """
    view, scale, intervals = model.view, model.scale, model.intervals
    temperature = model.temperature if model.members > 1 else report.how.temperature.value
    facts = {
        "names": model.target.names,
        "target": model.target.kind,
        "temperature": 1.0 if temperature is None else temperature,
        "input_size": view.input_size,
        "mean": model.mean,
        "std": model.std,
        "interpolation": view.interpolation,
        "crop_pct": view.crop_pct,
        "crop_mode": view.crop_mode,
        "fill": view.fill if view.crop_mode == "border" else (0, 0, 0),
        "pixel_scale": {
            "integers": None if scale is None else scale.integers,
            "floats": None if scale is None else scale.floats,
        },
        "intervals": None
        if intervals is None or not intervals.kept
        else {"half_widths": intervals.half_widths, "coverage": intervals.coverage},
        "networks": model.members,
        "int8": int8,
        "tta": model.tta,
        "autotl": version("autotl"),
        "metric": report.test.metric,
        # the report has the score of float32, and of passes averaged over mirror images
        "test_score": None if int8 or model.tta else report.test.value,
        "test_images": report.test.n,
    }
    plain: dict[str, Any] = jsonio.plain(facts)
    return plain
