"""The targets of fuzzing: a function that reads a file, and valid files to mutate."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

import autotl
from autotl import plugins
from autotl.data import read
from autotl.preparation.record import read_record
from autotl.results import read_run_file
from autotl.terminal import Silence
from autotl.testing import tiny_images
from autotl.trials.journal import Journal

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP")
MODES = ("L", "RGB", "RGBA", "P", "I;16", "F", "1", "CMYK")


@dataclass(frozen=True, slots=True)
class Target:
    """A target.

    Attributes:
        read: Reads a file with the given content; called with a work folder and a finished run.
        seeds: Returns valid files to mutate, from a finished run.
    """

    read: Callable[[bytes, Path, Path], object]
    seeds: Callable[[Path], list[bytes]]


def a_run(folder: Path) -> Path:
    """Create a finished run on generated images, whose files are mutated."""
    autotl.fit(
        tiny_images(classes=2, each=12),
        out=folder,
        trials=1,
        backbone="tiny",
        strategies="linear_probe",
        experience=False,
        watch=Silence(),
    )
    return folder


def images() -> list[bytes]:
    """Return small image files in several formats and modes."""
    found = []
    pixels = np.random.default_rng(0).integers(0, 255, (9, 7, 3), dtype=np.uint8)
    for mode in MODES:
        image = Image.fromarray(pixels)
        image = image.convert("L").convert("I").convert("I;16") if mode == "I;16" else image.convert(mode)
        for form in FORMATS:
            out = io.BytesIO()
            try:
                image.save(out, form)
            except (OSError, KeyError, ValueError):  # the format does not support the mode
                continue
            found.append(out.getvalue())
    return found


def _image(content: bytes, work: Path, run: Path) -> None:
    valid = images()[1]
    for label in ("a", "b"):
        (work / label).mkdir(exist_ok=True)
        for number in range(2):
            (work / label / f"{number}.png").write_bytes(valid)
    (work / "a" / "given.png").write_bytes(content)
    read(work, readers=_readers())


def _archive(content: bytes, work: Path, run: Path) -> None:
    (work / "data.zip").write_bytes(content)
    read(work / "data.zip", readers=_readers())


def _zips(run: Path) -> list[bytes]:
    found = []
    for packing in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", packing) as file:
            for number, content in enumerate(images()[:8]):
                file.writestr(f"{'ab'[number % 2]}/{number}.png", content)
        found.append(out.getvalue())
    return found


def _table(content: bytes, work: Path, run: Path) -> None:
    for number in range(4):
        if not (path := work / f"{number}.png").is_file():
            path.write_bytes(images()[number])
    (work / "data.csv").write_bytes(content)
    read(work / "data.csv", readers=_readers())


def _tables(run: Path) -> list[bytes]:
    rows = [("0.png", "a", "train"), ("1.png", "b", "test"), ("2.png", "a", "train"), ("3.png", "b", "train")]
    return [
        "\n".join(each.join(row) for row in [("image", "label", "part"), *rows]).encode() for each in ",;\t"
    ]


def _report(content: bytes, work: Path, run: Path) -> None:
    (work / "report.json").write_bytes(content)
    result = autotl.load(work)
    result.leaderboard()
    result.trials()
    repr(result)


def _run_file(content: bytes, work: Path, run: Path) -> None:
    (work / "run.json").write_bytes(content)
    file = read_run_file(work)
    if file.decided is not None:
        read_record(file.decided)


def _model(content: bytes, work: Path, run: Path) -> None:
    (work / "config.json").write_bytes(content)
    weights = work / "model.safetensors"
    if not weights.is_file():
        weights.write_bytes((run / "model" / "model.safetensors").read_bytes())
    autotl.load(work)


def _tensors(content: bytes, work: Path, run: Path) -> None:
    config = work / "config.json"
    if not config.is_file():
        config.write_bytes((run / "model" / "config.json").read_bytes())
    (work / "model.safetensors").write_bytes(content)
    autotl.load(work)


def _journal(content: bytes, work: Path, run: Path) -> None:
    (work / "journal").mkdir(exist_ok=True)
    (work / "journal" / "0000.safetensors").write_bytes(content)
    Journal(work, lambda: 0.0).read([np.zeros(4, dtype=np.int64)] * 5, 2)


def _files(pattern: str) -> Callable[[Path], list[bytes]]:
    return lambda run: [each.read_bytes() for each in sorted(run.glob(pattern))]


def _readers() -> dict[str, object]:
    return plugins.load().readers.items


TARGETS = {
    "image": Target(_image, lambda run: images()),
    "zip": Target(_archive, _zips),
    "table": Target(_table, _tables),
    "report": Target(_report, _files("report.json")),
    "run": Target(_run_file, _files("run.json")),
    "model": Target(_model, _files("model/config.json")),
    "safetensors": Target(_tensors, _files("model/model.safetensors")),
    "journal": Target(_journal, _files("journal/*.safetensors")),
}
