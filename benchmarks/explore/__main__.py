"""Compare clusters with known classes: explore, and k-means on pixels and on plain features.

    python -m benchmarks.explore DATA.zip … --out explore.csv --seeds 0
    python -m benchmarks.explore flowers5.zip --source textures10.zip --out explore.csv

Each zip has class folders. Each data set, backbone and seed gives four rows with the adjusted Rand index and
the normalised mutual information against the classes, which no method sees:

- ``explore``: autotl's choice of the number of clusters. Without clear clusters, all images are in one.
- ``explore, true k``: the same with the number of classes given.
- ``k-means, features``: k-means on the features of the same backbone, with the number of classes given.
- ``k-means, pixels``: k-means on images of 32 × 32 pixels, with the number of classes given.

With ``--source``, the first two methods are repeated with each zip as labelled images of other classes:
``explore, source`` and ``explore, source, true k``. ``kept`` is true if the source was used.

Rows are appended after each data set, and known rows are not run again.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

import autotl
from autotl.data import unlabelled_images, upright_rgb
from autotl.exploration.grouping.choose import group_rows
from autotl.exploration.grouping.reduction import reduce_features
from autotl.exploration.result import Exploration
from autotl.seeds import derive

KEY = ["data", "source", "backbone", "seed"]
SIDE = 32


def main() -> None:
    """Run the missing rows of the file, and print the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--backbone", default="auto")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--source", action="append", default=[], type=Path, help="a zip with class folders")
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    rows = known_rows(given.out)
    for seed, data, source in itertools.product(given.seeds, given.data, [None, *given.source]):
        name = "" if source is None else source.stem
        key = dict(zip(KEY, (data.stem, name, given.backbone, seed), strict=True))
        if any(all(row[name] == value for name, value in key.items()) for row in rows):
            continue
        found = (
            measure(data, given.backbone, seed=seed)
            if source is None
            else measure_with(source, data, given.backbone, seed=seed)
        )
        rows += [key | row for row in found]
        pd.DataFrame(rows).round(4).to_csv(given.out, index=False)
    print(pd.DataFrame(rows).round(3).to_string(index=False))


def known_rows(file: Path) -> list[dict[str, Any]]:
    """Return the rows of a file; older ones have no source."""
    if not file.exists():
        return []
    rows: list[dict[str, Any]] = pd.read_csv(file, keep_default_na=False, na_values=[""]).to_dict("records")
    return [row | {"source": row["source"] if isinstance(row.get("source"), str) else ""} for row in rows]


def measure(data: Path, backbone: str, *, seed: int) -> Iterator[dict[str, Any]]:
    """Yield the rows of a data set.

    Args:
        data: A zip with class folders.
        backbone: The name of the backbone, or "auto".
        seed: The seed of all random choices.
    """
    with tempfile.TemporaryDirectory(prefix="explore-") as folder:
        started = time.monotonic()
        found = autotl.explore(data, out=Path(folder) / "out", backbone=backbone, seed=seed)
        seconds = time.monotonic() - started
        names, truth = names_of(found)
        features = np.load(found.features)
        name, document = found.document["backbone"], found.document
    k = len(set(truth))
    stability = document["stability"]
    own = {"network": name, "images": len(truth), "classes": k}
    yield own | {
        "method": "explore",
        "used": document["method"],
        "clear": found.clear,
        "stability": stability["mean"],
        "spread": stability["spread"],
        "null": stability["null_mean"],
        **scores(truth, found.clusters),
        "seconds": seconds,
    }
    started = time.monotonic()
    space = {name: reduce_features(features, seed=derive(seed, "reduction"))}
    given = group_rows(space, clusters=k, max_clusters=k, seed=seed)
    yield own | {
        "method": "explore, true k",
        **scores(truth, given.ids),
        "seconds": time.monotonic() - started,
    }
    for method, rows in (("features", features), ("pixels", pixels(data, names))):
        started = time.monotonic()
        ids = KMeans(k, n_init=10, random_state=seed).fit_predict(rows)
        yield own | {
            "method": f"k-means, {method}",
            **scores(truth, ids),
            "seconds": time.monotonic() - started,
        }


def measure_with(source: Path, data: Path, backbone: str, *, seed: int) -> Iterator[dict[str, Any]]:
    """Yield the rows of a data set with labelled source images.

    Args:
        source: A zip with class folders of other classes.
        data: A zip with class folders.
        backbone: The name of the backbone, or "auto".
        seed: The seed of all random choices.
    """
    k = None
    for method in ("explore, source", "explore, source, true k"):
        with tempfile.TemporaryDirectory(prefix="explore-") as folder:
            started = time.monotonic()
            out = Path(folder) / "out"
            found = autotl.explore(data, source=source, out=out, backbone=backbone, clusters=k, seed=seed)
            _, truth = names_of(found)
        document, k = found.document, len(set(truth))
        compared = document["source"]["by_backbone"][document["backbone"]]
        yield {
            "network": document["backbone"],
            "images": len(truth),
            "classes": k,
            "method": method,
            "used": document["method"],
            "clear": found.clear,
            "stability": compared["with"]["mean"],
            "spread": compared["with"]["spread"],
            "null": compared["with"]["null_mean"],
            **scores(truth, found.clusters),
            "kept": compared["kept"],
            "gain_with": compared["with"]["gain"],
            "gain_without": compared["without"]["gain"],
            "seconds": time.monotonic() - started,
        }


def names_of(found: Exploration) -> tuple[list[str], np.ndarray]:
    """Return the addresses of the distinct images in the order of rows, and their true classes."""
    table = found.table()
    names = list(table[table["copy"] != "exact"].sort_values("row")["path"])
    return names, np.array([PurePosixPath(name).parent.name for name in names])


def scores(truth: np.ndarray, ids: np.ndarray) -> dict[str, Any]:
    """Return the number of clusters, and their agreement with the classes."""
    return {
        "k": len(set(ids.tolist())),
        "ari": adjusted_rand_score(truth, ids),
        "nmi": normalized_mutual_info_score(truth, ids),
    }


def pixels(data: Path, names: list[str]) -> np.ndarray:
    """Return the images in the order of their addresses as small pixels, (n, 3072)."""
    openers = {str(Path(each.name).absolute()): each.open for each in unlabelled_images(data, readers={})}
    small = [
        np.asarray(upright_rgb(openers[name]()).resize((SIDE, SIDE), Image.Resampling.BILINEAR))
        for name in names
    ]
    return np.stack(small).reshape(len(small), -1).astype(np.float32) / 255


if __name__ == "__main__":
    main()
