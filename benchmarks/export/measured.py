"""Fit a model, export it, and time the file."""

from __future__ import annotations

import time
import types
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import timm
import torch
from numpy.typing import NDArray

import autotl
from autotl import jsonio
from autotl.bench.measure import machine
from autotl.errors import ExportError
from autotl.export.exporting import CARD, RECORD, SCRIPT
from autotl.export.formats import FORMATS
from autotl.export.network import load_exported
from autotl.results import Result
from autotl.terminal import Silence
from benchmarks.speed.timing import alternate

FORMS: Mapping[str, tuple[str, bool]] = {
    "onnx": ("onnx", False),
    "onnx-int8": ("onnx", True),
    "pt2": ("pt2", False),
    "openvino": ("openvino", False),
}
"""The format of each row, and whether it has 8-bit integers."""
RANDOM = "random:"
ROUNDS: Mapping[int, int] = {1: 50, 32: 10}
"""Timed passes, by the number of images."""
WARM_UP = 3
NOTHING: Mapping[str, Any] = dict.fromkeys(
    (
        *("image_size", "source", "images", "largest_difference", "equal_labels", "metric", "score"),
        *("autotl_score", "mb", "ms_1", "eager_ms_1", "ms_32", "eager_ms_32", "seconds", "error"),
    )
)
"""The columns of a row."""
Answers = Callable[[NDArray[np.uint8]], object]


def fitted(data: Path, strategy: str, backbone: str, folder: Path, *, image_size: int) -> Result:
    """Return the result of one trial.

    Args:
        data: A zip with class folders.
        strategy: The strategy.
        backbone: A name, a folder, or ``random:NAME``.
        folder: The folder of the run.
        image_size: The image size in pixels.
    """
    return autotl.fit(
        data,
        out=folder / "run",
        strategies=strategy,
        backbone=_backbone(backbone, folder),
        trials=1,
        image_size=image_size,
        device="cpu",
        experience=False,
        watch=Silence(),
    )


def measure(result: Result, form: str, folder: Path) -> dict[str, Any]:
    """Return the columns of a format; only ``error`` if it cannot be exported.

    Args:
        result: The result of a run.
        form: The name of the row's format.
        folder: The parent of the new folder.
    """
    name, int8 = FORMS[form]
    started = time.perf_counter()
    found = dict(NOTHING) | _machine(name)
    try:
        exported = result.export(name, out=folder / form, int8=int8)
    except ExportError as error:
        return found | {"error": str(error)}
    seconds = time.perf_counter() - started
    record = jsonio.read(exported / RECORD)
    compared = {key: value for key, value in record["verification"].items() if key in NOTHING}
    own = (CARD, RECORD, SCRIPT)
    size = sum(each["bytes"] for each in record["files"] if each["name"] not in own)
    input_size = record["facts"]["input_size"]
    timed = latencies(result, exported / FORMATS[name].file, input_size)
    return found | compared | timed | {"image_size": input_size, "mb": size / 1e6, "seconds": seconds}


def latencies(result: Result, file: Path, size: int) -> dict[str, float]:
    """Return milliseconds of the file and of PyTorch, by the number of images.

    Args:
        result: The result of a run.
        file: The exported file, beside ``predict.py``.
        size: The side of the images in pixels.
    """
    network = load_exported(result.folder / "model", heads=result.installed.heads).network
    run, rng = _answers(file), np.random.default_rng(0)

    def eager(pixels: NDArray[np.uint8]) -> object:
        with torch.inference_mode():
            return network(torch.from_numpy(pixels))

    found = {}
    for count, rounds in ROUNDS.items():
        pixels = rng.integers(0, 256, (count, size, size, 3), dtype=np.uint8)
        both = {f"ms_{count}": _of(run, pixels), f"eager_ms_{count}": _of(eager, pixels)}
        alternate(both, rounds=WARM_UP)
        timed = alternate(both, rounds=rounds)
        found |= {name: 1000 * median(seconds) for name, seconds in timed.items()}
    return found


def _of(answer: Answers, pixels: NDArray[np.uint8]) -> Callable[[], object]:
    return lambda: answer(pixels)


def _answers(file: Path) -> Answers:
    """Return the function of ``predict.py`` that runs a file."""
    path = file.parent / SCRIPT
    module = types.ModuleType("predict")
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), vars(module))
    _, run = module.load(str(file))
    answers: Answers = run
    return answers


def _backbone(name: str, folder: Path) -> str:
    """Return a backbone as ``fit`` takes it; one of random weights is written first."""
    if not name.startswith(RANDOM):
        return name
    torch.manual_seed(0)
    architecture = name.removeprefix(RANDOM)
    saved = folder / architecture
    timm.models.save_for_hf(timm.create_model(architecture), saved, safe_serialization=True)
    return str(saved)


def _machine(form: str) -> dict[str, Any]:
    """Return the processor, threads and versions."""
    runtime = FORMATS[form].runtime
    versions = f"{runtime} {version(runtime)}, torch {torch.__version__}"
    return {"threads": torch.get_num_threads(), "machine": machine(), "versions": versions}
