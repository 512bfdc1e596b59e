"""Make the zips of the suite ``public`` from clones of their repositories.

python -m benchmarks.public_data ZIPS --clones FOLDER [--only NAME]
"""

from __future__ import annotations

import argparse
import csv
import io
import subprocess
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image, ImageOps

from autotl.bench.suite import SUITES_FOLDER
from autotl.data import pixel_digest
from autotl.files import atomic_file

SIDE, QUALITY = 128, 90
"""The longest side of an image in pixels, and the quality of its JPEG file."""
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".ppm"})


@dataclass(frozen=True, slots=True)
class Source:
    """The repository of a data set on GitHub, and the form of its images."""

    repository: str
    commit: str
    form: Literal["JPEG", "PNG"] = "JPEG"


SOURCES: Mapping[str, Source] = {
    "hymenoptera": Source("zhangtao7750/syn", "f050309148"),
    "flowers5": Source("yhuag/Transfer-Learning-for-Flower-Classification-by-ResNet", "0068ba196b"),
    "pacs_sketch": Source("MachineLearning2020/Homework3-PACS", "d586a6cf3d", "PNG"),
    "textures10": Source("pan8915/DeepTexture", "522f46f683"),
    "aerial_scenes": Source("palewithout/RSSCN7", "6d77849df8"),
    "traffic_signs": Source("hergerr/traffic-sign-recognition", "80c6270c95"),
    "sign_digits": Source("ardamavi/Sign-Language-Digits-Dataset", "4b09433ef9"),
    "steel_defect": Source("duanhan123/YOLOv3_PyTorch", "3d2a7e486d"),
    "brain_mri": Source("SartajBhuvaji/Brain-Tumor-Classification-DataSet", "3ea9f4eae5"),
}
"""The origin of each data set."""


def build(name: str, clone: Path, zips: Path) -> tuple[int, int]:
    """Write the zip of a data set, and return the images found and the images required.

    The split file names each image by the digest of its pixels, so the layout of the clone does not matter.
    Nothing is written if an image is missing.

    Args:
        name: Name of the data set.
        clone: Folder with the files of its repository.
        zips: Folder for ``NAME.zip``.
    """
    places = _places(SUITES_FOLDER / "splits" / f"{name}.csv")
    form = SOURCES[name].form
    found: dict[str, bytes] = {}
    for content in _encoded(clone, form):
        with Image.open(io.BytesIO(content)) as image:
            digest = pixel_digest(image.convert("RGB"))
        if digest in places:
            found.setdefault(digest, content)
    if len(found) == len(places):
        size = sum(map(len, found.values()))
        with atomic_file(zips / f"{name}.zip", size) as temporary, zipfile.ZipFile(temporary, "w") as out:
            for digest, content in sorted(found.items()):
                for folder in places[digest]:
                    out.writestr(f"{folder}/{digest}.{form.lower()}", content)
    return len(found), len(places)


def _places(split: Path) -> dict[str, list[str]]:
    """Return the folders of each image, such as ``train/ants``, by its digest."""
    found: dict[str, list[str]] = defaultdict(list)
    with split.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found[row["digest"]].append(f"{row['part']}/{row['label']}")
    return found


def _encoded(clone: Path, form: str) -> Iterator[bytes]:
    """Yield each image of a clone, upright, in RGB and at most 128 pixels long, as a file."""
    for path in sorted(clone.rglob("*")):
        if path.suffix.lower() not in SUFFIXES or not path.is_file():
            continue
        try:
            with Image.open(path) as opened:
                image = ImageOps.exif_transpose(opened).convert("RGB")
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):  # broken, or too large
            continue  # no data set has it
        if (scale := SIDE / max(image.size)) < 1:
            width, height = (max(1, round(scale * side)) for side in image.size)
            image = image.resize((width, height), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        image.save(out, form, quality=QUALITY)
        yield out.getvalue()


def clone(source: Source, folder: Path) -> None:
    """Clone a repository at its commit, unless the folder exists."""
    if folder.exists():
        return
    address = f"https://github.com/{source.repository}.git"
    subprocess.run(["git", "clone", "--quiet", address, str(folder)], check=True)
    subprocess.run(["git", "-C", str(folder), "checkout", "--quiet", source.commit], check=True)


def main(arguments: list[str]) -> int:
    """Make the zips, and return 1 if an image is missing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.public_data", description=__doc__)
    parser.add_argument("zips", type=Path, help="the folder for the zips")
    parser.add_argument("--clones", type=Path, required=True, help="the folder of clones, named as the zips")
    parser.add_argument("--only", action="append", choices=sorted(SOURCES), help="only this data set")
    given = parser.parse_args(arguments)
    given.zips.mkdir(parents=True, exist_ok=True)
    incomplete = 0
    for name in given.only or SOURCES:
        clone(SOURCES[name], given.clones / name)
        found, required = build(name, given.clones / name, given.zips)
        incomplete += found < required
        print(f"{name}: {found} of {required} images{'' if found == required else '; no zip was written'}")
    return 1 if incomplete else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
