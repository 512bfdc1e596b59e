"""Tables of image paths and labels."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from autotl.api import NO_GROUPS, Columns, Item
from autotl.builtin.readers.tables import Tables
from autotl.data import read
from autotl.errors import DataError, UnknownName
from autotl.testing.reader import Pictures, ReaderChecks

NONE = Columns()


def table_of(pictures: Pictures, folder: Path) -> pd.DataFrame:
    (folder / "images").mkdir(exist_ok=True)
    rows = []
    for number, (image, label) in enumerate(pictures):
        image.save(folder / "images" / f"{number}.png")
        rows.append({"path": f"images/{number}.png", "kind": label, "number": number})
    return pd.DataFrame(rows)


class TestCsv(ReaderChecks):
    reader = Tables()

    def source(self, pictures: Pictures, folder: Path) -> object:
        table_of(pictures, folder).to_csv(folder / "t.csv", index=False)
        return folder / "t.csv"

    def test_one_class_is_refused(self, tmp_path: Path) -> None:
        """A column with one value is not even taken for labels; a named one is refused as in every form."""
        (tmp_path / "t.csv").write_text("path,label\na.png,lonely\nb.png,lonely\n")
        with pytest.raises(DataError, match="lonely"):
            read(tmp_path / "t.csv", readers={"tables": self.reader})


class TestTsv(TestCsv):
    def source(self, pictures: Pictures, folder: Path) -> object:
        table_of(pictures, folder).to_csv(folder / "t.tsv", index=False, sep="\t")
        return folder / "t.tsv"


class TestParquet(TestCsv):
    def source(self, pictures: Pictures, folder: Path) -> object:
        table_of(pictures, folder).to_parquet(folder / "t.parquet")
        return folder / "t.parquet"


class TestDataFrame(TestCsv):
    def source(self, pictures: Pictures, folder: Path) -> object:
        table = table_of(pictures, folder)
        return table.assign(path=[folder / path for path in table["path"]])


def listed(tmp_path: Path, text: str, columns: Columns = NONE, name: str = "t.csv") -> list[Item]:
    (tmp_path / name).write_text(text, encoding="utf-8")
    return list(Tables().read(tmp_path / name, columns).items)


def test_inferred_columns_are_noted(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("file,y2,split\na.png,k,train\nb.png,l,test\nc.png,k,val\nd.png,l,\n")
    listing = Tables().read(tmp_path / "t.csv", Columns())
    assert listing.notes == (
        "Used the column 'file' for the images.",
        "Used the column 'y2' for the labels.",
        "The split in the column 'split' is kept.",
    )
    assert [item.part for item in listing.items] == ["train", "test", "val", None]


def test_named_columns_win_and_a_group_is_kept(tmp_path: Path) -> None:
    text = "a,b,label,who\n1.png,x.png,one,p1\n2.png,y.png,two,\n3.png,z.png,two,NULL\n"
    items = listed(tmp_path, text, Columns(image="b", label="label", group="who"))
    assert [(item.name, item.target, item.group) for item in items] == [
        ("x.png", "one", "p1"),
        ("y.png", "two", None),
        ("z.png", "two", None),
    ]


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("a,label,group\n1.png,one,p1\n2.png,two,p2\n", None),
        ("a,y,group\n1.png,k,p1\n2.png,l,p1\n3.png,k,p1\n4.png,l,p1\n", None),
        ("a,label,none\n1.png,one,p1\n2.png,two,p2\n", "p1"),
    ],
)
def test_the_group_none_means_no_groups_unless_a_column_is_called_so(
    tmp_path: Path, text: str, group: str | None
) -> None:
    items = listed(tmp_path, text, Columns(group=NO_GROUPS))
    assert items[0].group == group
    assert items[0].target in ("one", "k")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "a,b,label\n1.png,x.png,one\n2.png,y.png,two\n",
            r"the image: 2 columns are possible .a, b.* image=",
        ),
        (
            "a,color,size\n1.png,r,s\n2.png,r,l\n3.png,g,s\n4.png,g,l\n",
            r"the label: 2 columns .*color, size.*label=",
        ),
        ("a,label,class\n1.png,r,s\n2.png,r,l\n", r"the label: 2 columns are possible .label, class"),
        ("id,label\n1,one\n2,two\n", r"the image: no column holds paths of images. Columns: id, label"),
        ("a,b\n1.png,x.png\n2.png,y.png\n", r"the image: 2 columns"),
        ("a,id\n1.png,7\n2.png,8\n3.png,9\n4.png,10\n", r"the label: no column can be the labels"),
        ("a,label,label\n1.png,one,one\n", "got label more than once"),
        ("1.png,one\n2.png,two\n", "must hold column names"),
        ("a,label\n1.png,one\n2.png\n", "2 cells .got 1 in row 2"),
        ("a,label\n1.png,one\n2.png,\n3.png,NaN\n", "2 of 3 labels are missing: row 2, row 3"),
        ("a,label\n1.png,one\n,two\n3.png,two\n", "got none in row 2"),
        ("a,label\nhttp://x/1.png,one\nhttp://x/2.png,two\n", "got the address"),
        ("a,label\n", "got no rows"),
        ("", "got an empty file"),
    ],
)
def test_a_table_that_can_be_misread_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        listed(tmp_path, text)


def test_a_misspelt_column_gets_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"No column called 'lable'. Did you mean 'label'"):
        listed(tmp_path, "a,label\n1.png,one\n2.png,two\n", Columns(label="lable"))


def test_paths_are_never_taken_for_labels(tmp_path: Path) -> None:
    text = "a,b\n1.png,x.png\n2.png,x.png\n3.png,y.png\n4.png,y.png\n"
    with pytest.raises(DataError, match="the label"):
        listed(tmp_path, text, Columns(image="a"))
    with pytest.raises(DataError, match="got 'b', which holds paths"):
        listed(tmp_path, text, Columns(image="a", label="b"))
    with pytest.raises(DataError, match="must name different columns"):
        listed(tmp_path, "a,label\n1,one\n", Columns(image="label", label="label"))


def test_a_split_of_other_values_is_neither_kept_nor_a_label(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,fold,kind\n1.png,0,x\n2.png,1,y\n3.png,0,x\n4.png,1,y\n")
    listing = Tables().read(tmp_path / "t.csv", Columns())
    assert [item.target for item in listing.items] == ["x", "y", "x", "y"]
    assert any("Ignored the column fold" in note for note in listing.notes)


def test_cells_stay_as_they_are_written(tmp_path: Path) -> None:
    text = '\ufefffile;label\n"dir;1/ä.png";007\n..\\b.png;NA\n'
    assert [(item.name, item.target) for item in listed(tmp_path, text)] == [
        ("dir;1/ä.png", "007"),
        ("../b.png", "NA"),
    ]


def test_files_that_are_missing_are_named(tmp_path: Path) -> None:
    Image.new("RGB", (2, 2)).save(tmp_path / "1.png")
    (tmp_path / "t.csv").write_text("file,label\n1.png,one\ngone.png,two\n")
    with pytest.raises(DataError, match=r"gone.png .no such file in .*Repair"):
        read(tmp_path / "t.csv", readers={"tables": Tables()})


@pytest.mark.parametrize(
    ("name", "content"), [("t.csv", b"a,label\n\xff\xfe,x\n"), ("t.parquet", b"no parquet")]
)
def test_a_broken_file_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=name):
        Tables().read(tmp_path / name, Columns())
