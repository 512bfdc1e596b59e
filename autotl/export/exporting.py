"""Export a model into a folder that is kept if right."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from secrets import token_hex
from typing import Any

import torch
from torch.export import ExportedProgram

from autotl import jsonio
from autotl.errors import AutotlError, MetricError, RunError
from autotl.export.checking.comparison import Comparison, check, compare
from autotl.export.checking.elsewhere import write_verification
from autotl.export.checking.run_images import (
    FoundImages,
    given_images,
    images_of_part,
    random_images,
    seed_of,
)
from autotl.export.facts import file_facts
from autotl.export.files.coreml_package import MAX_BATCH, write_coreml
from autotl.export.files.onnx_file import write_onnx
from autotl.export.files.openvino_file import write_openvino
from autotl.export.files.program import traced
from autotl.export.files.pt2_file import write_pt2
from autotl.export.files.timm_folder import write_timm
from autotl.export.formats import ExportFormat
from autotl.export.model_card import model_card
from autotl.export.network import ExportedModel, load_exported
from autotl.export.quantisation import Quantised, quantise
from autotl.export.script import script
from autotl.files import raising_disk_full, raising_write_error, write_bytes
from autotl.metrics import Metric, get_metric
from autotl.report import parse
from autotl.results import EnsemblePredictor, Predictor, Result, load_predictor

WRITERS = {"coreml": write_coreml, "onnx": write_onnx, "openvino": write_openvino, "pt2": write_pt2}
RECORD, CARD, SCRIPT = "export.json", "MODEL_CARD.md", "predict.py"
GONE = "The test images of the run cannot be found again."
ELSEWHERE = "The file cannot run on this computer. Run verify.py on a computer with {runtime}."
MAX_IMAGES = 256
"""The most images on which a file is compared."""


@dataclass(frozen=True, slots=True)
class Request:
    """An export that a caller asks for.

    Attributes:
        form: The format.
        folder: The new folder.
        int8: Whether weights and activations become 8-bit integers.
        images: Images to compare on; None for the test images of the run.
    """

    form: ExportFormat
    folder: Path
    int8: bool = False
    images: Any = None


@dataclass(frozen=True, slots=True)
class _Written:
    """The facts of a file, its comparison with autotl, and the decision on 8-bit integers."""

    facts: dict[str, Any]
    comparison: Comparison | None = None
    quantised: Quantised | None = None
    unverified: str = ""


def export(result: Result, request: Request) -> Path:
    """Export a result; see :meth:`autotl.results.Result.export`.

    Args:
        result: The result of a run.
        request: The format and the options.

    Raises:
        ExportError: The model cannot be exported, or the file predicts otherwise.
        RunError: The run folder has no model, or the new folder is not empty.
    """
    report, form = parse(result.report), request.form
    with _new_folder(request.folder) as fresh:
        written = _write_timm(result, fresh) if not form.file else _write_file(result, request, fresh)
        record = {
            "format": jsonio.FORMAT,
            "form": form.name,
            "files": _files(fresh),
            "runtime": {form.runtime: _version(form.runtime)},
            "facts": written.facts,
            "verification": written.comparison,
            "unverified": written.unverified,
            "int8": written.quantised,
        }
        jsonio.write(fresh / RECORD, record)
        card = model_card(report, form, written.comparison, int8=request.int8)
        write_bytes(fresh / CARD, card.encode("utf-8", "backslashreplace"))
    return request.folder


def _write_timm(result: Result, fresh: Path) -> _Written:
    """Copy the model folder; a copy needs no comparison."""
    model = load_exported(result.folder / "model", heads=result.installed.heads)
    write_timm(fresh, result.folder / "model", model.target.kind)
    return _Written(file_facts(model, parse(result.report), int8=False))


def _write_file(result: Result, request: Request, fresh: Path) -> _Written:
    """Write the file and ``predict.py``, and compare the file with autotl."""
    form, folder, heads = request.form, result.folder / "model", result.installed.heads
    model = load_exported(folder, heads=heads)
    facts = file_facts(model, parse(result.report), int8=request.int8)
    WRITERS[form.name](fresh / form.file, _program(form, model), facts)
    write_bytes(fresh / SCRIPT, script(form).encode())
    predictor, quantised = load_predictor(folder, device="cpu", heads=heads, single_pass=True), None
    if not form.runs_here():
        write_verification(fresh, form, predictor, seed=seed_of(result))
        return _Written(facts, unverified=ELSEWHERE.format(runtime=form.runtime))
    metric = _metric(result, predictor)
    if request.int8:
        quantised = quantise(fresh, form.file, facts, result, predictor, metric)
    images = _images(result, request, predictor)
    found = compare(fresh, form.file, predictor, images, metric)
    if quantised is None:  # test images must not decide whether integers are precise enough
        check(found, form.file)
    return _Written(facts, found, quantised)


def _program(form: ExportFormat, model: ExportedModel) -> ExportedProgram:
    """Return the graph of a model; Core ML has no pixels of 8 bits."""
    size = model.view.input_size
    if form.name == "coreml":
        return traced(model.network, size, dtype=torch.float32, most=MAX_BATCH)
    return traced(model.network, size)


def _metric(result: Result, predictor: Predictor | EnsemblePredictor) -> Metric:
    """Return the metric of the run; the default one if its function is not known here."""
    try:
        return result.metric()
    except (MetricError, RunError):
        return get_metric(predictor.target.default_metric, predictor.target.spec)


def _images(result: Result, request: Request, predictor: Predictor | EnsemblePredictor) -> FoundImages:
    """Return the images of the comparison: given ones, test images of the run, or random ones."""
    seed = seed_of(result)
    if request.images is not None:
        found = given_images(result, request.images)
    else:
        try:
            found = images_of_part(result, "test", predictor.target)
        except (AutotlError, OSError):  # the data may have been moved or edited since
            return random_images(GONE, seed=seed)  # without the reason, which has a path of this computer
        if not found.is_readable():
            return random_images(f"No image of the {len(found)} {found.source} can be read.", seed=seed)
    return found.shuffled(seed).take(range(min(MAX_IMAGES, len(found))))


def _version(package: str) -> str:
    """Return the version of a package, which may be installed under another name."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"


def _files(folder: Path) -> list[dict[str, Any]]:
    """Return the name, the size in bytes and the SHA-256 digest of each file."""
    return [
        {
            "name": path.relative_to(folder).as_posix(),
            "bytes": path.stat().st_size,
            "sha256": _sha256(path),
        }
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """Yield a folder that gets its name only at the end of the block.

    Raises:
        RunError: A folder of this name is not empty, or it cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunError(f"{folder} exists and is not empty. Give --out a new folder, or remove this one.")
    folder = folder.resolve()  # "." has no name
    fresh = folder.with_name(f".{folder.name[:50]}.{token_hex(4)}")
    with raising_write_error(folder), raising_disk_full(folder, 0):
        fresh.mkdir(parents=True)
        try:
            yield fresh
            if folder.exists():  # it stays, because it may be the working directory
                for path in fresh.iterdir():
                    path.rename(folder / path.name)
                fresh.rmdir()
            else:
                fresh.rename(folder)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
