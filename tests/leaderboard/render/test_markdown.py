import re

import pytest

from autotl.errors import BenchError
from autotl.leaderboard import markdown


def test_tables_are_well_formed(suite):
    for block in re.findall(r"(?:^\|.*\n)+", markdown(suite, title="x"), flags=re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1, block


def test_the_text_has_the_main_results(suite):
    text = markdown(suite, title="Six data sets")
    assert text.startswith(
        "# Six data sets\n\n**`autotl` has the best mean rank of 8 entrants on 6 data sets"
    )
    assert "| **`autotl`** |" in text
    assert "`RuntimeError: out of memory`" in text


def test_names_are_escaped_in_markdown(suite, row):
    hostile = "<img src=x> | [a](b) `c` @team\n# d"
    added = row(hostile, 0.5, dataset="flowers5", split="b2:flowers5-0", machine=hostile)
    text = markdown([*suite, added], title=hostile)
    for line in text.splitlines():
        outside = re.sub(r"`[^`]*`", "", line)
        assert "<img" not in re.sub(r"\\<", "", outside)
        assert "@team" not in outside
    for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1, block


def test_one_row_gives_a_board(row):
    text = markdown([row()], title="One")
    assert "`finetune` is the only entrant; it scores 50.0% on 1 data set." in text
    assert "None" not in text


def test_no_rows_are_an_error():
    with pytest.raises(BenchError, match="no rows to rank"):
        markdown([], title="x")
