"""Write the files that the pages name: images, tables, folders and a network."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from autotl.testing import tiny_images, tiny_targets
from tests.documents.blocks import ROOT

EACH = 12
TINY = ROOT / "autotl" / "builtin" / "weights" / "tiny"


def write_world(folder: Path) -> None:
    """Write all of them into a folder."""
    images, names = tiny_images(each=EACH)
    others, _ = tiny_images(each=EACH, seed=1)
    for number, (pixels, name) in enumerate(zip(images, names, strict=True)):
        _save(pixels, folder / "photos" / name / f"{number}.png")
        _save(pixels, folder / "images" / f"{number}.png")
        _save(others[number], folder / "old" / name / f"{number}.png")
        _save(others[number], folder / "labelled-place" / name / f"{number}.png")
        _save(others[number], folder / "more" / f"{number}.png")
    _save(images[0], folder / "photo.jpg")
    for number in (0, EACH, 2 * EACH):
        _save(others[number], folder / "new" / f"{number}.png")
    _write_tables(folder, names)
    for network in ("my-network", "path/to/timm-folder"):
        shutil.copytree(TINY, folder / network)


def _write_tables(folder: Path, names: list[str]) -> None:
    files = [f"images/{number}.png" for number in range(len(names))]
    patients = [f"p{number // 2}" for number in range(len(names))]
    _table(folder / "table.csv", path=files, label=names)
    _table(folder / "scans.csv", file=files, finding=names)
    _table(folder / "patients.csv", path=files, finding=names, patient=patients)
    pixels, tags = tiny_targets("multi_label", each=EACH)
    places = [f"tagged/{number}.png" for number in range(len(tags))]
    for place, each in zip(places, pixels, strict=True):
        _save(each, folder / place)
    known = {name: [str(int(name in each)) for each in tags] for name in ("straight", "coarse")}
    _table(folder / "tags.csv", path=places, **known)
    ages = [f"{20 + 0.7 * number:.1f}" for number in range(len(names))]
    _table(folder / "ages.csv", path=files, age=ages)


def _save(pixels: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def _table(file: Path, /, **columns: list[str]) -> None:
    rows = zip(*columns.values(), strict=True)
    file.write_text("\n".join([",".join(columns), *(",".join(row) for row in rows)]) + "\n", encoding="utf-8")
