from importlib import resources

from autotl.experience import Row, from_csv, shipped_rows, to_csv

ROWS = [
    Row("r1", "2025-01-01T00:00:00+00:00", "shipped: demo, 1", "d1", 800, 5, 100, 224, 0.5, None, "finetune",
        "resnet18", True, "accuracy", 0.9, None, 1, 0.0, '{"lr": 0.1, "note": "a, b"}', 12.5, None),
    Row("r1", "2025-01-01T00:00:00+00:00", "shipped: demo, 1", "d1", 800, 5, 100, 224, None, 0.8,
        "from_scratch", "resnet18", False, "accuracy", None, 0.1, 2, 1 / 3, "{}", 1e-9, 60.0),
]  # fmt: skip


def test_rows_can_be_written_and_read():
    assert from_csv(Row, to_csv(Row, ROWS)) == ROWS


def test_a_header_alone_and_an_empty_file_give_no_rows():
    assert from_csv(Row, to_csv(Row, [])) == []
    assert from_csv(Row, "") == []


def test_the_shipped_rows_are_readable_and_have_their_provenance():
    text = resources.files("autotl.experience").joinpath("shipped.csv").read_text(encoding="utf-8")
    assert f"{text.splitlines()[0]},kind" == to_csv(Row, []).strip()  # all shipped runs have single labels
    assert len(shipped_rows()) == len(text.splitlines()) - 1
    assert all(row.provenance.startswith("shipped: ") for row in shipped_rows())
