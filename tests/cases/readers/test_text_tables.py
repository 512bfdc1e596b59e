"""Text tables as spreadsheets, editors and databases write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from autotl.api import Columns
from autotl.data import check_columns
from autotl.errors import DataError, UnknownName
from tests.cases.pictures import flat, found

ROWS = [(f"{number}.png", "ab"[number % 2]) for number in range(8)]


def text(separator: str = ",", *, head: str = "", end: str = "\n") -> str:
    lines = [separator.join(row) for row in [("image", "label"), *ROWS]]
    return head + end.join(lines) + end


def written(here: Path, content: str | bytes, name: str = "rows.csv") -> Path:
    flat(here)
    (here / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return here / name


FORMS: dict[str, tuple[str | bytes, str]] = {
    "semicolons": (text(";"), "rows.csv"),
    "bars": (text("|"), "rows.csv"),
    "tabs-in-csv": (text("\t"), "rows.csv"),
    "commas-in-tsv": (text(","), "rows.tsv"),
    "sep-line": (text(";", head="sep=;\r\n", end="\r\n"), "rows.csv"),
    "quoted-sep-line": (text("|", head='"sep=|"\n'), "rows.csv"),
    "sep-line-after-mark": (b"\xef\xbb\xbf" + text(";", head="sep=;\n").encode(), "rows.csv"),
    "mark-of-utf-8": (b"\xef\xbb\xbf" + text().encode(), "rows.csv"),
    "old-mac-lines": (text(end="\r"), "rows.csv"),
    "blank-lines": ("\n\n" + text(";", end="\n\n"), "rows.csv"),
    "separator-in-a-quoted-name": (text().replace("label", '"label;x;y"'), "rows.csv"),
    "space-before-quotes": (text().replace(",a\n", ', "a"\n'), "rows.csv"),
    "empty-columns": (text().replace("\n", ",,\n"), "rows.csv"),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_form_is_read(here: Path, form: str) -> None:
    content, name = FORMS[form]
    path = written(here, content, name)
    assert found(path).labels == {"a": 4, "b": 4}
    check_columns(path, Columns(image="image"))
    with pytest.raises(UnknownName, match=r"No column called 'imge'\. Did you mean 'image'"):
        check_columns(path, Columns(image="imge"))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (text().encode("utf-16"), "must be UTF-8 text"),
        (text().encode("utf-16-le"), "got zero bytes"),
        (text().replace(",a\n", ",a\0\n"), "got zero bytes"),
        (bytes(200), "got zero bytes"),
        (text().replace("4.png,a", '4.png,"a'), "cannot be read as a table: unexpected end of data"),
        (text().replace("2.png,a", '2.png,"a').replace("5.png,b", '5.png,"b'), r"in line 7; check its quot"),
        (text().replace("0.png,a", "0.png," + "a" * 200_000), "field larger than field limit"),
        (text(head="# exported\n"), "must have 1 cells .got 2 in row 1"),
        (text().replace("a\n", "a,\n"), "must have 2 cells .got 3 in row 1"),
        ("image\n0.png\n1.png\n", "no column can be the labels"),
        ("x\n" * 9, "no column holds paths of images"),
        ("<html><body>Not found</body></html>", "got no rows"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "no column holds paths"),
    ],
    ids=[
        "utf-16", "utf-16-without-mark", "zero-in-a-label", "zeros", "open-quote", "two-open-quotes",
        "huge-cell", "comment", "longer-rows", "one-column", "no-images", "html", "lfs-pointer",
    ],
)  # fmt: skip
def test_a_broken_form_is_refused(here: Path, content: str | bytes, why: str) -> None:
    with pytest.raises(DataError, match=why):
        found(written(here, content))


def test_a_quoted_line_feed_stays_in_its_cell(here: Path) -> None:
    told = found(written(here, text().replace(",a\n", ',"a\nx"\n')))
    assert told.labels == {"a\nx": 4, "b": 4}
