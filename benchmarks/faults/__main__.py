"""Plant faults in a clean data set, and measure which are found and the effect of cleaning on accuracy.

    python -m benchmarks.faults --data flowers5.zip --backbone FOLDER --out faults.json

5 % of the training images get another label. 10 are copied into the test set, re-encoded at 70 % of their
size. One class is reduced to a tenth. For each seed, measures precision and recall of the faults that
``analyze`` finds. Also measures the accuracy of the model by ``fit`` with each cleaning mode, on the original
test set.
"""

from __future__ import annotations

import argparse
import io
import json
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import autotl
from autotl.terminal import Silence

FLIPPED_FRACTION, COPIES, SMALL_FRACTION = 0.05, 10, 0.1
"""Fraction of changed labels, number of leaked images, and fraction of the small class that is kept."""
MODES = ("report", "drop", "weight")


@dataclass(frozen=True, slots=True)
class Planted:
    """A data set with faults.

    Attributes:
        folder: The data set.
        clean_test: The original test set.
        flipped: Names of the images with a changed label.
        copied: Names of the test images that are copies of training images.
        small: Name of the reduced class.
    """

    folder: Path
    clean_test: Path
    flipped: set[str]
    copied: set[str]
    small: str


def plant(data: Path, folder: Path, *, seed: int) -> Planted:
    """Write a data set with faults.

    Args:
        data: Zip of the clean data set.
        folder: Folder for the result.
        seed: Seed of the faults.
    """
    rng = np.random.default_rng(seed)
    with zipfile.ZipFile(data) as archive:
        files = {name: archive.read(name) for name in sorted(archive.namelist()) if not name.endswith("/")}
    train = [name for name in files if name.startswith("train/")]
    classes = sorted({name.split("/")[1] for name in train})
    small = str(rng.choice(classes))
    own = [name for name in train if name.split("/")[1] == small]
    removed = {own[i] for i in rng.permutation(len(own))[round(SMALL_FRACTION * len(own)) :]}
    train = [name for name in train if name not in removed]
    # the small class has only one fault, and keeps its labels
    others = [name for name in train if name.split("/")[1] != small]
    chosen = rng.permutation(len(others))
    flip = {others[i] for i in chosen[: round(FLIPPED_FRACTION * len(train))]}
    copy = {others[i] for i in chosen[len(flip) : len(flip) + COPIES]}
    root, clean = folder / "data", folder / "clean"
    flipped, copied = set(), set()
    for name, content in files.items():
        part, label, stem = name.split("/")
        if part == "test":
            _write(clean / label / stem, content)
            _write(root / "test" / label / stem, content)
        elif name in train:
            given = label
            if name in flip:
                given = str(rng.choice([each for each in classes if each not in (label, small)]))
                flipped.add(f"train/{given}/{stem}")
            _write(root / "train" / given / stem, content)
        if name in copy:
            _write(root / "test" / label / f"copy_{stem}.jpg", _reencoded(content))
            copied.add(f"test/{label}/copy_{stem}.jpg")
    return Planted(root, clean, flipped, copied, small)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _reencoded(content: bytes) -> bytes:
    image = Image.open(io.BytesIO(content)).convert("RGB")
    stream = io.BytesIO()
    image.resize((int(0.7 * image.width), int(0.7 * image.height))).save(stream, "JPEG", quality=60)
    return stream.getvalue()


def found(profile: dict[str, Any], planted: Planted) -> dict[str, Any]:
    """Return precision and recall of the faults in a profile, and other measurements."""
    quality = profile["quality"]
    issues = {_end(each["item"]) for each in quality["label_issues"]}
    leaks = {_end(test) for test, _ in quality["near_leakage"]["examples"]}
    hits, copies = issues & planted.flipped, leaks & planted.copied
    return {
        "flipped": len(planted.flipped),
        "doubted": len(issues),
        "labels_recall": len(hits) / len(planted.flipped),
        "labels_precision": len(hits) / max(1, len(issues)),
        "leaks": quality["near_leakage"]["images"],
        "leaks_recall": len(copies) / len(planted.copied),
        "leaks_precision": len(copies) / max(1, len(leaks)),
        "imbalance": quality["imbalance"]["ratio"],
        "shift_p": quality["shift"]["p"],
    }


def _end(item: str) -> str:
    return "/".join(Path(item).parts[-3:])


def main() -> None:
    """Measure all seeds, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--backbone", required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    rows = []
    for seed in range(given.seeds):
        with tempfile.TemporaryDirectory() as folder:
            planted = plant(given.data, Path(folder), seed=seed)
            options = {"backbone": given.backbone, "image_size": 128, "experience": False}
            profile = autotl.analyze(planted.folder, **options)
            row = {"seed": seed, **found(profile, planted)}
            for mode in MODES:
                result = autotl.fit(
                    planted.folder,
                    strategies="linear_probe",
                    trials=given.trials,
                    clean=mode,
                    seed=seed,
                    watch=Silence(),
                    **options,
                )
                scored = result.evaluate(planted.clean_test)
                row[f"{mode}_accuracy"] = scored.value
                row[f"{mode}_small_recall"] = next(
                    each.recall for each in scored.per_class if each.name == planted.small
                )
                row[f"{mode}_reported"] = result.report["test"]["value"]
            rows.append(row)
            print(json.dumps(row), flush=True)
            given.out.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
