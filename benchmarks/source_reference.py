"""Write the source reference of a backbone: feature statistics of its source images.

    python -m benchmarks.source_reference imagenet_sample.zip efficientnet_lite0 efficientnet_lite1 …

The zip contains images of ImageNet's classes. For each backbone, writes ``reference.safetensors`` to
``autotl/builtin/weights/NAME``. It contains the mean, a factored covariance and a sample of the pooled
features at ``--side`` pixels, and no images. Expect 0.5 MB for each.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from autotl import plugins
from autotl.api import Weights
from autotl.backbone import build_reference, create, data_config, find, pooled, save_reference
from autotl.data import image_openers, render_images, view_of
from autotl.training import Normalise, forward_in_batches

AXES, SAMPLE = 56, 250
"""Number of principal axes of the covariance, and of source images whose features are kept."""
FOLDER = Path(__file__).parents[1] / "autotl" / "builtin" / "weights"


def main() -> None:
    """Compute and write the references."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("images", type=Path)
    parser.add_argument("backbones", nargs="+")
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--out", type=Path, default=FOLDER)
    given = parser.parse_args()
    catalog = plugins.load()
    images = image_openers(given.images, readers=catalog.readers.items)
    for name in given.backbones:
        rows = features(find(name, catalog.backbones.items), images, input_size=given.side)
        whole = build_reference(rows, input_size=given.side)
        chosen = np.random.default_rng(0).permutation(len(rows))[:SAMPLE]
        folder = given.out / name
        folder.mkdir(parents=True, exist_ok=True)
        save_reference(folder, replace(whole, sample=rows[np.sort(chosen)]), axes=AXES)
        print(f"{name}: {len(rows)} images, {sum(f.stat().st_size for f in folder.iterdir()):,} bytes")


def features(
    weights: Weights, images: Sequence[Callable[[], Any]], *, input_size: int
) -> NDArray[np.float64]:
    """Return the pooled features of the frozen backbone, float64 (images, features).

    Args:
        weights: The backbone.
        images: Functions that open the images.
        input_size: Image size in pixels.
    """
    model = create(weights)
    config = data_config(model)
    view = view_of(config, input_size=input_size)
    parts = [
        torch.from_numpy(render_images([each() for each in images[start : start + 100]], view))
        for start in range(0, len(images), 100)
    ]
    normalise = Normalise(config.mean, config.std, "cpu")
    run = partial(pooled, model)
    return (
        torch.cat([forward_in_batches(run, part, to_batch=normalise, device="cpu") for part in parts])
        .double()
        .numpy()
    )


if __name__ == "__main__":
    main()
