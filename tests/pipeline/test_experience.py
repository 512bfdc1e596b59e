"""What a run leaves for the next, and what the next makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import autotl
from autotl.experience import Experience, shipped_rows
from autotl.terminal import Silence
from autotl.testing import tiny_images


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Experience:
    monkeypatch.setenv("AUTOTL_EXPERIENCE", str(tmp_path / "past.sqlite3"))
    return Experience(tmp_path / "past.sqlite3")


def run(**told: object) -> autotl.results.Result:
    return autotl.fit(
        tiny_images(classes=3, each=20, noise=0.5),
        backbone="tiny",
        trials=2,
        image_size=32,
        strategies="linear_probe",
        watch=Silence(),
        **told,  # type: ignore[arg-type]
    )


def test_a_run_leaves_a_row_for_each_arm_and_the_next_reads_it(table: Experience) -> None:
    first = run()
    (row,) = table.rows()
    assert row.provenance == "this machine"
    assert row.strategy == "linear_probe"
    assert (row.rank, row.regret, row.n_classes) == (1, 0.0, 3)
    assert row.n_train == first.report["when"]["n_train"]
    assert row.test == pytest.approx(first.report["arms"][0]["test"])
    assert row.probe_score is not None
    assert "C" in json.loads(row.params)
    again = run().report["when"]["experience"]
    assert "used this data set" in again["evidence"]
    assert len(table.rows()) == 2
    if again["predicted"] == "linear_probe":
        assert again["agreed"] is True
    else:
        assert again["agreed"] is None  # what was foretold was not among the strategies


def test_nothing_is_read_or_left_where_it_is_switched_off(
    table: Experience, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(experience=False).report["when"]["experience"] is None
    assert not table.path.exists()
    monkeypatch.setenv("AUTOTL_EXPERIENCE", "off")
    run()
    assert not table.path.exists()


def test_a_table_that_cannot_be_written_costs_a_note_and_not_the_run(table: Experience) -> None:
    table.path.write_bytes(b"this is no database, but a file of another kind" * 40)
    report = run().report
    assert any(str(table.path) in note for note in report["notes"])
    assert report["test"]["value"] > 0


def test_no_row_tells_what_the_images_or_classes_are(table: Experience) -> None:
    run()
    told = json.dumps([str(row) for row in table.rows()])
    assert not any(name in told for name in ("bars", "rings", "spots"))


def test_shipped_rows_say_where_they_come_from() -> None:
    for row in shipped_rows():
        assert row.provenance.startswith("shipped: ")
        assert row.metric == "accuracy"
        assert row.run.startswith("shipped-")
