"""Suites of texts: prepared, split, measured and checked as those of images."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from autotl import bench, plugins
from autotl.api import Weights
from autotl.bench import runner
from autotl.bench import split as splits
from autotl.bench.data_sets.data import Data
from autotl.bench.entry import Entrant, can_run
from autotl.bench.prepared_data import DataMissing, PreparedData, prepare_data
from autotl.bench.suite import Peer
from autotl.data import text_digest
from autotl.errors import BenchError
from autotl.leaderboard import read_rows
from benchmarks import text_data
from tests.support.texts import sentences, vectors_folder

SUITE = """
budgets = ["20s"]
shots = [8]
strategies = ["tfidf@default"]
autotl = false

[[dataset]]
name = "topics"
file = "topics.csv"
text = "sentence"

[[dataset]]
name = "absent"
file = "absent.csv"
text = "sentence"

[[backbone]]
name = "vectors"
folder = "vectors"
"""


def topics(folder: Path, each: int = 20) -> Path:
    texts, labels = sentences(each)
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame({"sentence": texts, "label": labels}).to_csv(folder / "topics.csv", index=False)
    return folder


def prepared(data: Data, tmp_path: Path, *, files: Path, official: Path | None = None) -> PreparedData:
    return prepare_data(
        data,
        shots=8,
        seed=0,
        folder=tmp_path / "data",
        files=files,
        official=official or tmp_path / "none",
        readers=plugins.load().readers.items,
    )


def cells(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


DATA = Data("topics", file="topics.csv", text="sentence")


def test_the_lists_hold_the_texts_and_the_split_their_digests(tmp_path: Path) -> None:
    found = prepared(DATA, tmp_path, files=topics(tmp_path / "files"))
    table = cells(found.table)
    assert set(table[0]) == {"text", "label", "part"}
    assert {row["text"] for row in table} <= set(sentences(20)[0])
    assert [text_digest(row["text"]) for row in table] == [line.digest for line in found.split.lines]
    assert [set(row) for row in cells(found.test)] == [{"text"}] * found.split.count("test")
    assert found.split.count("train") == 24


def test_case_and_white_space_do_not_change_a_split(tmp_path: Path) -> None:
    first = prepared(DATA, tmp_path / "a", files=topics(tmp_path / "files"))
    splits.write(tmp_path / "official" / "topics-8shot-seed0.csv", first.split)
    table = pd.read_csv(tmp_path / "files" / "topics.csv")
    table["sentence"] = "  " + table["sentence"].str.upper() + "\r\n"
    table.sample(frac=1, random_state=0).to_csv(tmp_path / "files" / "topics.csv", index=False)
    again = prepared(DATA, tmp_path / "b", files=tmp_path / "files", official=tmp_path / "official")
    assert again.split == first.split
    table["sentence"] = table["sentence"] + " more"
    table.to_csv(tmp_path / "files" / "topics.csv", index=False)
    with pytest.raises(BenchError, match="topics is not the data of"):
        prepared(DATA, tmp_path / "c", files=tmp_path / "files", official=tmp_path / "official")


def test_an_absent_table_is_left_out_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(DataMissing, match=r"absent: absent\.csv is not in"):
        prepared(Data("absent", file="absent.csv", text="sentence"), tmp_path, files=tmp_path)


def test_texts_without_their_packages_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "find_spec", lambda name: None)
    said: list[str] = []
    with pytest.raises(BenchError, match=r"pip install 'autotl\[text\]'"):
        bench.run(bench.BenchPlan(bench.load("text-smoke"), tmp_path / "out"), said.append)
    assert "Left out: messages: texts need pip install 'autotl[text]'." in said


def own(*inputs: str) -> Any:
    """Return a baseline whose networks take these inputs."""
    networks = [Weights("a", "b", "c", modality=each) for each in inputs]  # type: ignore[arg-type]
    return SimpleNamespace(networks=lambda task: networks)


def failing(task: object) -> list[Weights]:
    raise ValueError


@pytest.mark.parametrize(
    ("strategy", "images", "texts"),
    [
        (own("image"), True, False),
        (own("text"), False, True),
        (own("image", "text"), True, True),
        (own(), True, True),
        (SimpleNamespace(), True, True),
        (SimpleNamespace(networks=failing), True, True),
    ],
    ids=["pixels", "words", "both", "no network", "backbone", "failing"],
)
def test_a_baseline_takes_part_if_its_networks_take_the_inputs(
    strategy: Any, images: bool, texts: bool
) -> None:
    entrant, offered = Entrant("mine", "strategy"), {"mine": strategy}
    assert can_run(entrant, Data("a", "shapes"), offered) == images
    assert can_run(entrant, DATA, offered) == texts


def test_built_in_baselines_of_texts_and_of_images_stay_apart() -> None:
    strategies = plugins.load().strategies.items
    names = ("tfidf", "pixels", "scratch_small", "from_scratch")
    able = {
        data.name: {name for name in names if can_run(Entrant(name, "strategy"), data, strategies)}
        for data in (DATA, Data("shapes", "shapes"))
    }
    assert able == {
        "topics": {"tfidf", "from_scratch"},
        "shapes": {"pixels", "scratch_small", "from_scratch"},
    }


def test_other_tools_get_no_texts() -> None:
    peer = Entrant("guess", "peer", Peer("guess", ("python",)))
    assert not can_run(peer, DATA, {})
    assert can_run(peer, Data("a", "shapes"), {})


@pytest.fixture
def suite(tmp_path: Path) -> Callable[[], bench.Suite]:
    path = tmp_path / "tiny.toml"
    path.write_text(SUITE, encoding="utf-8")
    return lambda: bench.load(path)


def test_tiny_tables_are_measured_and_pass_the_check(
    suite: Callable[[], bench.Suite], tmp_path: Path
) -> None:
    pytest.importorskip("tokenizers")
    vectors_folder(tmp_path / "weights" / "vectors")
    said: list[str] = []
    plan = bench.BenchPlan(
        replace(suite(), strategies=("tfidf", "linear_probe")),
        tmp_path / "out",
        only=("tfidf@default", "linear_probe@default"),
        data=topics(tmp_path / "files"),
        weights=tmp_path / "weights",
    )
    rows = read_rows(bench.run(plan, said.append))
    assert f"Left out: absent: absent.csv is not in {tmp_path / 'files'}." in said
    assert [(row.entrant, row.status, row.error) for row in rows] == [
        ("linear_probe@default", "ok", ""),
        ("tfidf@default", "ok", ""),
    ]
    assert all(row.test is not None and row.test > 0.5 for row in rows)
    assert rows[0].flops is not None
    assert rows[0].flops > 0
    (tmp_path / "out" / "splits").rename(tmp_path / "splits")
    faults = bench.check(rows, suite=tmp_path / "tiny.toml")
    assert [fault for fault in faults if "absent" not in fault] == []


def test_a_table_of_the_suite_is_made_from_a_clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "clone"
    folder.mkdir()
    (folder / "a.train").write_text("NUM:dist How  far is it ?\nHUM Who was it ?\n", encoding="utf-8")
    (folder / "b.csv").write_text('text,category\n"Why, then?",x\n', encoding="utf-8")
    lines = [("How far is it ?", "a", "test"), ("who was it ?", "b", "train"), ("Why, then?", "a", "train")]
    split = splits.Split(tuple(splits.Line(text_digest(text), *rest) for text, *rest in lines))  # type: ignore[arg-type]
    splits.write(tmp_path / "splits" / "questions.csv", split)
    monkeypatch.setattr(text_data, "SUITES_FOLDER", tmp_path)
    assert text_data.build("questions", folder, tmp_path) == (3, 3)
    made = {(row["text"], row["label"], row["part"]) for row in cells(tmp_path / "questions.csv")}
    assert made == {
        ("How far is it ?", "a", "test"), ("Who was it ?", "b", "train"), ("Why, then?", "a", "train"),
    }  # fmt: skip
    (folder / "b.csv").unlink()
    assert text_data.build("questions", folder, tmp_path / "none") == (2, 3)
    assert not (tmp_path / "none").exists()


def test_every_table_of_the_suite_has_a_source() -> None:
    assert {data.name for data in bench.load("text").datasets} == set(text_data.SOURCES)
