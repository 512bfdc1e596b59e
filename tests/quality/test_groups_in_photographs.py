"""Check on public data sets that tracks are grouped by names, and unrelated photographs are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autotl import plugins
from autotl.data import read
from autotl.quality import Evidence, find_groups

DATA = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("hymenoptera", 0.0, 0.0),
        ("flowers5", 0.0, 0.01),
        ("pacs_photo", 0.0, 0.01),
        pytest.param("traffic_signs", 0.7, 1.0, marks=pytest.mark.slow),
    ],
)
def test_names_and_hashes_find_tracks_and_few_other_groups(name: str, least: float, most: float) -> None:
    path = DATA / f"{name}.zip"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    dataset = read(path, readers=plugins.load().readers.items)
    table = dataset.table[dataset.table["part"] != "test"]
    seen = Evidence(
        table["item"].tolist(),
        table["label"].to_numpy(dtype=np.int64),
        table["looks"].to_numpy(),
        table["taken"].tolist(),
    )
    found = find_groups(seen)
    assert least <= sum(map(len, found.sets)) / len(table) <= most
    tracks = [{Path(seen.names[row]).stem.split("_")[0] for row in each} for each in found.sets]
    if least:
        assert np.mean([len(each) == 1 for each in tracks]) > 0.9
