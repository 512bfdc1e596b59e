"""Measure every distance between data sets and the source, calibrated by the source and noise.

    python -m benchmarks.choice.distances --backbone FOLDER --source SOURCE.zip --out distances.csv DATA.zip …

``SOURCE.zip`` contains images that the backbone was trained on. Two more targets are added: a held-out half
of the source, compared with the other half, and images of noise. A row for each target and measure has the
distance, its calibrated value (1 for the source, 0 for noise) and the interval of the latter.
"""

from __future__ import annotations

import argparse
import csv
import io
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from autotl.data import torch_within_cores
from autotl.training import keep_freed_memory
from benchmarks.prepared import prepared

SIDE = 128
NOISE = 300


def halves(source: Path, folder: Path) -> tuple[Path, Path]:
    """Write half of the source images as a data set of two classes, and the others as a folder."""
    target, other = folder / "held_back_source.zip", folder / "source"
    other.mkdir()
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w") as out:
        names = sorted(name for name in archive.namelist() if name.lower().endswith((".jpg", ".png")))
        for place, index in enumerate(np.random.default_rng(0).permutation(len(names))):
            content = archive.read(names[index])
            if place % 2:
                (other / Path(names[index]).name).write_bytes(content)
            else:
                out.writestr(f"{'ab'[place // 2 % 2]}/{Path(names[index]).name}", content)
    return target, other


def noise(folder: Path) -> Path:
    """Write images of noise as a data set of two classes."""
    path, rng = folder / "noise.zip", np.random.default_rng(1)
    with zipfile.ZipFile(path, "w") as out:
        for i in range(NOISE):
            stream = io.BytesIO()
            Image.fromarray(rng.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)).save(stream, "PNG")
            out.writestr(f"{'ab'[i % 2]}/{i}.png", stream.getvalue())
    return path


def distances(data: Path, backbone: str, source: Path) -> Iterator[tuple[object, ...]]:
    """Yield target, measure, distance, calibrated value, low, high and p of each measure.

    Args:
        data: The target data set.
        backbone: The backbone.
        source: Images of its source.
    """
    with tempfile.TemporaryDirectory() as folder:
        ready = prepared(
            data,
            Path(folder),
            similarities=True,
            full_profile=True,
            budget=100,
            backbone=backbone,
            source=str(source),
            image_size=SIDE,
            experience=False,
        )
    (found,) = ready.likeness.values()
    for name, each in found.items():
        yield data.stem, name, each.value, each.calibrated, *each.ci95, each.p


def main() -> None:
    """Measure all data sets, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--backbone", required=True)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    given.out.write_text("data,measure,value,place,low,high,p\n")
    with torch_within_cores(), keep_freed_memory(True), tempfile.TemporaryDirectory() as folder:
        own, other = halves(given.source, Path(folder))
        targets = [(own, other), *((data, given.source) for data in given.data)]
        for data, source in [*targets, (noise(Path(folder)), given.source)]:
            with given.out.open("a", newline="") as file:
                csv.writer(file).writerows(distances(data, given.backbone, source))
            print(data.stem, flush=True)


if __name__ == "__main__":
    main()
