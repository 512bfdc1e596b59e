"""Tables that hold the images themselves."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from autotl.api import Columns, Item
from autotl.builtin.readers.tables import Tables
from autotl.data import parquet_class_names
from autotl.errors import DataError
from autotl.testing.reader import Pictures, ReaderChecks, tiny_pictures


def encoded(pictures: Pictures) -> list[bytes]:
    streams = [io.BytesIO() for _ in pictures]
    for stream, (image, _) in zip(streams, pictures, strict=True):
        image.save(stream, "PNG")
    return [stream.getvalue() for stream in streams]


class TestBytes(ReaderChecks):
    reader = Tables()

    def source(self, pictures: Pictures, folder: Path) -> object:
        return pd.DataFrame({"image": encoded(pictures), "label": [label for _, label in pictures]})

    def test_one_class_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(DataError, match="no column can be the labels"):
            Tables().read(pd.DataFrame({"image": encoded(tiny_pictures()), "kind": ["a"] * 12}), Columns())


class TestPil(TestBytes):
    def source(self, pictures: Pictures, folder: Path) -> object:
        return pd.DataFrame(
            {"image": [image for image, _ in pictures], "label": [label for _, label in pictures]}
        )


class TestHub(TestBytes):
    def source(self, pictures: Pictures, folder: Path) -> object:
        cells = [{"bytes": each, "path": None} for each in encoded(pictures)]
        frame = pd.DataFrame({"image": cells, "label": [label for _, label in pictures]})
        frame.to_parquet(folder / "train-00000-of-00001.parquet")
        return folder / "train-00000-of-00001.parquet"


def hub_items(folder: Path, labels: list[int], metadata: object) -> list[Item]:
    cells = [{"bytes": each, "path": "x.png"} for each in encoded(tiny_pictures())][: len(labels)]
    rows = pa.Table.from_pandas(pd.DataFrame({"image": cells, "breed": labels, "age": labels}))
    pq.write_table(rows.replace_schema_metadata({"huggingface": json.dumps(metadata)}), folder / "t.parquet")
    return list(Tables().read(folder / "t.parquet", Columns()).items)


def features(names: object) -> object:
    return {
        "info": {"features": {"breed": {"names": names, "_type": "ClassLabel"}, "age": {"dtype": "int64"}}}
    }


def test_the_names_of_the_classes_come_from_the_file(tmp_path: Path) -> None:
    items = hub_items(tmp_path, [0, 1, 1, 0], features(["puggle", "beagle"]))
    assert [item.target for item in items] == ["puggle", "beagle", "beagle", "puggle"]
    assert [item.name for item in items] == ["row 1", "row 2", "row 3", "row 4"]


def test_a_missing_label_of_the_hub_is_missing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="1 of 4 labels are missing: row 2"):
        hub_items(tmp_path, [0, -1, 1, 0], features(["puggle", "beagle"]))


@pytest.mark.parametrize(
    "metadata",
    [
        b"{",
        b"[1]",
        b"null",
        b'{"info": []}',
        b'{"info": {"features": {"a": {"_type": "ClassLabel"}}}}',
        b"[" * 10**5,
    ],
)
def test_metadata_of_another_form_is_ignored(metadata: bytes) -> None:
    assert parquet_class_names({b"huggingface": metadata}) == {}


def test_a_cell_without_an_image_is_named() -> None:
    frame = pd.DataFrame({"image": [*encoded(tiny_pictures())[:3], b""], "label": [0, 1, 0, 1]})
    with pytest.raises(DataError, match=r"an image or a path in every row .got none in row 4"):
        Tables().read(frame, Columns())
