"""Write one row per image, in an order that suits labelling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from autotl.exploration.findings import Findings
from autotl.exploration.grouping.choose import Grouping
from autotl.exploration.images.features import ImageRows
from autotl.exploration.images.listing import address_of
from autotl.exploration.projection import Positions
from autotl.importing.lazy import lazy_module

if TYPE_CHECKING:
    import pandas as pd
else:  # slow to import, and only tables need it
    pd = lazy_module("pandas")

TABLE, CLUSTER_TABLE = "clusters.csv", "cluster_labels.csv"
EXACT, NEAR = "exact", "near"
"""The two kinds of copies."""


def image_table(rows: ImageRows, grouping: Grouping, found: Findings, positions: Positions) -> pd.DataFrame:
    """Return the table of images, with an empty column for labels.

    The best representative of each cluster comes first, then the second of each, and so on. Copies are last.

    Args:
        rows: The images.
        grouping: The clusters.
        found: The facts about each image.
        positions: The map.
    """
    addresses = [address_of(rows.image(row)) for row in range(len(rows))]
    near = found.first_copies()
    table = _columns(
        addresses,
        np.arange(len(rows)),
        grouping,
        found,
        positions,
        {row: addresses[near[row]] for row in near},
    )
    table["copy"] = [NEAR if row in near else "" for row in range(len(rows))]
    exact = rows.scan.copies
    if exact:
        of = np.array([*exact.values()])
        names = [address_of(rows.images[number]) for number in exact]
        copies = _columns(
            names, of, grouping, found, positions, dict(enumerate(addresses[row] for row in of))
        )
        copies["copy"] = EXACT
        table = pd.concat([table, copies], ignore_index=True)
    table["label"] = ""
    table["is_copy"] = table["copy"] != ""
    order = ["is_copy", "rank", "cluster", "row"]
    return table.sort_values(order, kind="stable", ignore_index=True).drop(columns="is_copy")


def cluster_table(grouping: Grouping, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of clusters, with an empty column for names.

    Args:
        grouping: The clusters.
        table: The table of images.
    """
    numbers = list(range(grouping.k))
    sizes = np.bincount(grouping.ids[grouping.ids >= 0], minlength=grouping.k)
    first = table[table["rank"] == 1].drop_duplicates("cluster").set_index("cluster")["path"]
    return pd.DataFrame(
        {
            "cluster": numbers,
            "images": sizes,
            "example": pd.Series([first[number] for number in numbers], dtype=object),
            "label": "",
        }
    )


def _columns(
    names: Sequence[str],
    of: np.ndarray[tuple[int], np.dtype[np.int64]],
    grouping: Grouping,
    found: Findings,
    positions: Positions,
    originals: Mapping[int, str],
) -> pd.DataFrame:
    """Return the columns of some images.

    Args:
        names: Their paths.
        of: The row of each image's facts.
        grouping: The clusters.
        found: The facts.
        positions: The map.
        originals: The path of the original of each copy, by its position among the names.
    """
    return pd.DataFrame(
        {
            # as objects, because pandas' strings reject names that are not UTF-8
            "path": pd.Series(list(names), dtype=object),
            "cluster": grouping.ids[of],
            "rank": found.ranks[of],
            "distance": found.distances[of],
            "outlier": found.outlier_scores[of],
            "x": positions[of, 0],
            "y": positions[of, 1],
            "copy_of": pd.Series([originals.get(i, "") for i in range(len(names))], dtype=object),
            "row": of,
        }
    )
