"""Measure exported files beside the network that they were written from.

    python -m benchmarks.export --data flowers5.zip --out export.csv

Each strategy and backbone is fitted once (one trial, one image size), and exported in each format. A row has:

- ``largest_difference``, ``equal_labels``, ``score``, ``autotl_score``: the comparison on test images;
- ``mb``: the size of the model's files in megabytes;
- ``ms_1``, ``ms_32``: the latency of one image and of 32, in milliseconds, decoded images in, answers out;
- ``eager_ms_1``, ``eager_ms_32``: that of the same network in PyTorch, timed in alternation;
- ``error``: why there is no file.

A backbone ``random:NAME`` is an architecture of timm with random weights, which needs no network. Nothing
else may run on the machine. Rows are appended after each file, and known rows are not run again.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.export.measured import FORMS, fitted, measure

KEY = ["data", "strategy", "backbone", "form"]
STRATEGIES = ("linear_probe", "finetune", "mlp_probe")
BACKBONES = (
    "efficientnet_lite0",
    "random:mobilenetv3_small_100",
    "random:resnet18",
    "random:vit_tiny_patch16_224",
)


def main(arguments: list[str] | None = None) -> None:
    """Run the missing rows of the file, and print the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="a zip with class folders")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--strategies", nargs="+", default=STRATEGIES)
    parser.add_argument("--backbones", nargs="+", default=BACKBONES, help="names, folders, or random:NAME")
    parser.add_argument("--forms", nargs="+", default=list(FORMS), choices=FORMS)
    parser.add_argument("--image-size", type=int, default=224)
    given = parser.parse_args(arguments)
    rows = read_rows(given.out)
    for strategy, backbone in itertools.product(given.strategies, given.backbones):
        keys = [
            dict(zip(KEY, (given.data.stem, strategy, backbone, form), strict=True)) for form in given.forms
        ]
        missing = [key for key in keys if not is_known(key, rows)]
        for row in run(given, strategy, backbone, missing) if missing else ():
            rows.append(row)
            pd.DataFrame(rows).round(6).to_csv(given.out, index=False)
            print(*(row[name] for name in KEY), row["error"] or "measured", file=sys.stderr, flush=True)
    print(pd.DataFrame(rows).round(4).to_string(index=False))


def run(
    given: argparse.Namespace, strategy: str, backbone: str, missing: Sequence[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Fit one model, and yield a row for each missing format.

    Args:
        given: The options.
        strategy: The strategy.
        backbone: The backbone.
        missing: The keys of the rows.
    """
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        result = fitted(given.data, strategy, backbone, Path(folder), image_size=given.image_size)
        for key in missing:
            yield key | measure(result, key["form"], Path(folder) / "exported")


def read_rows(file: Path) -> list[dict[str, Any]]:
    """Return the rows of a file, none if it does not exist."""
    found: list[dict[str, Any]] = pd.read_csv(file).to_dict("records") if file.exists() else []
    return found


def is_known(key: dict[str, Any], rows: Sequence[dict[str, Any]]) -> bool:
    """Return whether a row has these values."""
    return any(all(row[name] == value for name, value in key.items()) for row in rows)


if __name__ == "__main__":
    main()
