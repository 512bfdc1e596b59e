import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autotl.experience import Experience, Row, default_path, from_csv, to_csv

ROW = Row(
    run="r1",
    created="2025-01-01T00:00:00+00:00",
    provenance="this machine",
    data_digest="d1",
    n_train=800,
    n_classes=5,
    min_per_class=100,
    image_side=224,
    likeness=0.5,
    probe_score=None,
    strategy="finetune",
    backbone_architecture="resnet18",
    pretrained=True,
    metric="accuracy",
    score=0.9,
    test=None,
    rank=1,
    regret=0.0,
    params='{"lr": 0.1}',
    seconds=12.5,
    budget_seconds=None,
)


@pytest.fixture
def table(tmp_path):
    return Experience(tmp_path / "deep" / "experience.sqlite3")


def test_rows_can_be_added_and_read(table):
    rows = [ROW, replace(ROW, strategy="linear_probe", rank=2, regret=0.1, pretrained=False)]
    assert table.add(rows)
    assert Experience(table.path).rows() == rows
    assert table.problem == ""


def test_before_the_first_run_there_are_no_rows_and_no_file(table):
    assert table.rows() == []
    assert table.problem == ""
    assert not table.path.exists()


def test_a_run_is_added_once(table):
    assert table.add([ROW])
    assert table.add([replace(ROW, score=0.1), replace(ROW, run="r2")])
    assert table.rows() == [ROW, replace(ROW, run="r2")]


def test_numpy_numbers_are_stored_as_numbers(table):
    table.add([replace(ROW, n_train=np.int64(7), score=np.float32(0.5), test=float("nan"))])
    [row] = table.rows()
    assert (row.n_train, row.score, row.test) == (7, 0.5, None)


def test_a_run_with_a_broken_row_is_not_added_at_all(table):
    assert table.add([ROW])
    assert not table.add([replace(ROW, run="r2"), replace(ROW, run="r2", regret=float("nan"))])
    assert "regret" in table.problem
    assert table.rows() == [ROW]


def test_deletion_removes_all_rows(table):
    table.add([ROW])
    assert table.delete()
    assert list(table.path.parent.iterdir()) == []
    assert table.rows() == []
    assert table.delete()
    assert table.add([ROW])


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4000])
def test_a_corrupt_file_gives_no_rows_accepts_none_and_has_a_problem(tmp_path, content):
    path = tmp_path / "experience.sqlite3"
    path.write_bytes(content)
    table = Experience(path)
    assert table.rows() == []
    assert table.problem.startswith(f"Cannot read the experience of past runs in {path}: ")
    assert table.add([ROW]) is False
    assert table.problem.startswith("Cannot write ")
    assert path.read_bytes() == content
    assert table.delete()
    assert table.add([ROW])


def test_a_truncated_file_gives_no_rows(table):
    table.add([replace(ROW, run=f"r{i}", params="x" * 500) for i in range(60)])
    whole = table.path.read_bytes()
    table.path.write_bytes(whole[: len(whole) // 2])
    assert table.rows() == []
    assert table.problem
    assert table.add([ROW]) is False


def test_a_newer_format_is_not_changed(table):
    table.add([ROW])
    connection = sqlite3.connect(table.path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = table.path.read_bytes()
    assert table.rows() == []
    assert "it has format 99, and this version of autotl reads format 2" in table.problem
    assert table.add([ROW]) is False
    assert table.path.read_bytes() == before


def test_another_database_is_not_changed(tmp_path):
    path = tmp_path / "other.sqlite3"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE arms (other TEXT)")
    connection.close()
    table = Experience(path)
    assert table.add([ROW]) is False
    assert "other tables" in table.problem
    assert table.rows() == []


def test_a_folder_with_its_name_gives_no_rows(tmp_path):
    table = Experience(tmp_path)
    assert table.rows() == []
    assert table.add([ROW]) is False
    assert table.problem
    assert not table.delete()


def test_a_file_with_the_name_of_its_folder_gives_no_rows(tmp_path):
    (tmp_path / "file").write_text("")
    table = Experience(tmp_path / "file" / "experience.sqlite3")
    assert table.rows() == []
    assert table.add([ROW]) is False
    assert table.problem.startswith("Cannot write ")


ADDER = """
import sys, time
from dataclasses import replace
from pathlib import Path
from autotl.experience import Experience, Row, from_csv, table
path, name, count, pause = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4] == "pause"
[row] = from_csv(Row, sys.argv[5])

class Pausing(table.sqlite3.Connection):
    def executemany(self, sql, values):
        self.execute("PRAGMA cache_size = 1")  # so that half the rows do reach the file
        super().executemany(sql, values[: len(values) // 2])
        print("half", flush=True)
        time.sleep(60)

if pause:
    connect = table.sqlite3.connect
    table.sqlite3.connect = lambda *args, **named: connect(*args, factory=Pausing, **named)
    rows = [replace(row, run=name, params="x" * 2000) for i in range(count)]
    Experience(path).add(rows)
else:
    own = Experience(path)
    print(all(own.add([replace(row, run=f"{name}{i}")] * 2) for i in range(count)), own.problem, flush=True)
"""


def adder(path: Path, name: str, count: int, *, pause: bool = False) -> subprocess.Popen[str]:
    arguments = [str(path), name, str(count), "pause" if pause else "", to_csv(Row, [ROW])]
    return subprocess.Popen([sys.executable, "-c", ADDER, *arguments], stdout=subprocess.PIPE, text=True)


def test_a_process_killed_while_it_adds_a_run_leaves_none_of_it(table):
    table.add([ROW])
    size = table.path.stat().st_size
    killed = adder(table.path, "killed", 200, pause=True)
    assert killed.stdout is not None
    assert killed.stdout.readline() == "half\n"
    killed.kill()
    killed.communicate()
    assert table.path.stat().st_size > size  # half of it was in the file
    assert table.rows() == [ROW]
    assert table.add([replace(ROW, run="killed")])
    assert len(table.rows()) == 2


def test_a_process_killed_while_it_adds_the_first_run_leaves_a_usable_table(table):
    killed = adder(table.path, "killed", 200, pause=True)
    assert killed.stdout is not None
    assert killed.stdout.readline() == "half\n"
    killed.kill()
    killed.communicate()
    assert table.rows() == []
    assert table.problem == ""
    assert table.add([ROW])


def test_two_processes_add_at_once_from_the_first_row_on(table):
    both = [adder(table.path, name, 15) for name in ("a", "b")]
    assert [process.communicate()[0].split() for process in both] == [["True"], ["True"]]
    rows = table.rows()
    assert len(rows) == 60
    assert {row.run for row in rows} == {f"{name}{i}" for name in "ab" for i in range(15)}
    assert all(first.run == second.run for first, second in zip(rows[::2], rows[1::2], strict=True))


def test_the_location_can_be_set_or_disabled(monkeypatch, tmp_path):
    monkeypatch.delenv("AUTOTL_EXPERIENCE", raising=False)
    path = default_path()
    assert path is not None
    assert path.parts[-2:] == ("autotl", "experience.sqlite3")
    monkeypatch.setenv("AUTOTL_EXPERIENCE", str(tmp_path / "own.sqlite3"))
    assert default_path() == tmp_path / "own.sqlite3"
    monkeypatch.setenv("AUTOTL_EXPERIENCE", "off")
    assert default_path() is None


def test_rows_of_an_older_format_are_of_single_labels(table):
    table.add([ROW])
    connection = sqlite3.connect(table.path)
    connection.execute("ALTER TABLE arms DROP COLUMN kind")
    connection.execute("PRAGMA user_version = 1")
    connection.close()
    assert table.rows() == [ROW]
    numbers = replace(ROW, run="r2", kind="regression", metric="mae")
    assert table.add([numbers])
    assert table.rows() == [ROW, numbers]


def test_rows_without_a_kind_can_be_read_from_csv():
    text = to_csv(Row, [ROW])
    lines = [line.rsplit(",", 1)[0] for line in text.splitlines()]
    assert from_csv(Row, "\n".join(lines) + "\n") == [ROW]
