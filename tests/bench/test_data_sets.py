"""Data sets with additional images or another target than one class, and who takes part on them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from autotl import bench, plugins
from autotl.api import TargetSpec
from autotl.bench import split as splits
from autotl.bench.data_sets.data import Data
from autotl.bench.data_sets.target_texts import encode_texts, target_texts
from autotl.bench.entrant import contributions
from autotl.bench.entry import Entrant, entrants, takes_part
from autotl.bench.prepared_data import DataMissing, PreparedData, prepare_data
from autotl.bench.runner import BenchPlan
from autotl.data import read
from autotl.errors import BenchError
from autotl.leaderboard import Row, markdown, read_rows, seal, write_rows
from autotl.leaderboard.rows.pivot import make_grid
from autotl.testing import tiny_images
from tests.bench.honest_rows import Honest

Make = Callable[..., bench.Suite]
STRATEGIES: dict[str, Any] = {
    "probe": SimpleNamespace(),
    "tune": SimpleNamespace(),
    "labels_itself": SimpleNamespace(additional=("unlabelled",), counterpart="probe"),
    "multi": SimpleNamespace(additional=("source",), counterpart="tune"),
}


def prepared(data: Data, tmp_path: Path, *, shots: int = 0, files: Path | None = None) -> PreparedData:
    readers = plugins.load().readers.items
    official = tmp_path / "none"
    return prepare_data(
        data, shots=shots, seed=0, folder=tmp_path / "data", files=files, official=official, readers=readers
    )


def column(table: Path, name: str) -> list[str]:
    with table.open(newline="") as file:
        return [row[name] for row in csv.DictReader(file)]


def rows_of(table: Path, part: str) -> list[dict[str, str]]:
    with table.open(newline="") as file:
        return [row for row in csv.DictReader(file) if row["part"] == part]


def pictures(folder: Path, *, each: int = 8) -> Path:
    """Write tiny images into class folders of both parts."""
    images, names = tiny_images(each=2 * each)
    for number, (image, name) in enumerate(zip(images, names, strict=True)):
        path = folder / ("train" if number % 2 else "test") / str(name) / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path)
    return folder


def test_the_rest_is_what_a_split_leaves_of_the_training_images(tmp_path: Path) -> None:
    data = Data("shapes", "shapes", {"per_class": 25}, additional={"unlabelled": "rest"})
    found = prepared(data, tmp_path, shots=5)
    rest = column(found.additional["unlabelled"], "image")
    assert len(rest) == len(set(rest)) == 4 * (25 - 8 - 5)
    assert not set(rest) & set(column(found.table, "image"))


def test_another_file_is_given_as_it_is_and_must_exist(tmp_path: Path) -> None:
    data = Data("shapes", "shapes", {"per_class": 25}, additional={"source": "photos"})
    with pytest.raises(DataMissing, match=r"shapes: photos is not in a folder of data\. Give --data"):
        prepared(data, tmp_path)
    (tmp_path / "files" / "photos").mkdir(parents=True)
    found = prepared(data, tmp_path, files=tmp_path / "files")
    assert found.additional == {"source": tmp_path / "files" / "photos"}


@pytest.mark.parametrize(
    ("generator", "target", "columns"),
    [("collages", "multi_label", ("label",)), ("brightness", "regression", ("brightness",))],
)
def test_made_images_have_a_table_that_fit_reads(
    tmp_path: Path, generator: str, target: Any, columns: tuple[str, ...]
) -> None:
    pictures(tmp_path / "files" / "tiny")
    settings = {"objects": [1, 2]} if generator == "collages" else {}
    data = Data("made", generator, settings, file="tiny", target=target)
    found = prepared(data, tmp_path, files=tmp_path / "files")
    assert (found.split.target, found.columns) == (target, columns)
    again = read(found.table, readers=plugins.load().readers.items)
    assert again.target.kind == target
    assert again.target.names == found.split.classes
    tested = found.split.count("test")
    assert column(found.table, "part").count("test") == tested == len(column(found.test, "image"))
    assert sorted(target_texts(again)) == sorted(line.label for line in found.split.lines)


def test_the_test_images_may_come_from_another_file(tmp_path: Path) -> None:
    files = tmp_path / "files"
    for name, levels in (("photos", (10, 20)), ("sketches", (110, 120))):
        for part, level in zip(("train", "test"), levels, strict=True):
            for number in range(8):
                path = files / name / part / "ab"[number % 2] / f"{number}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.new("RGB", (8, 8), (level, number, 0)).save(path)
    data = Data("photos", file="photos", test_file="sketches", additional={"source": "sketches"})
    found = prepared(data, tmp_path, files=files)
    shown = {
        part: {np.asarray(Image.open(row["image"]))[0, 0, 0].item() for row in rows_of(found.table, part)}
        for part in ("train", "test")
    }
    assert shown == {"train": {10}, "test": {120}}
    (files / "sketches" / "test" / "b").rename(files / "sketches" / "test" / "c")
    with pytest.raises(BenchError, match=r"sketches must have the classes of photos \(got b, c in one"):
        prepared(replace(data, name="other"), tmp_path, files=files)


def test_texts_and_encoded_targets_agree() -> None:
    assert encode_texts(["a;c", "", "b"], "multi_label", "abc").tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]
    assert encode_texts(["0.1;-2"], "regression", ("x", "y")).tolist() == [[np.float32(0.1), -2.0]]
    assert encode_texts(["b", "a"], "single_label", ("a", "b")).tolist() == [1, 0]
    with pytest.raises(BenchError, match=r"must have 1 numbers, joined by ';' \(got 'nan'\)"):
        encode_texts(["nan"], "regression", ("x",))


@pytest.mark.parametrize(
    ("additional", "expected"),
    [
        ({}, {"probe", "tune", "autotl", "guess"}),
        ({"unlabelled": "rest"}, {"labels_itself", "probe", "autotl", "guess"}),
        ({"source": "a.zip"}, {"multi", "tune", "autotl", "guess"}),
        ({"source": "a.zip", "unlabelled": "rest"}, {*STRATEGIES, "autotl", "guess"}),
    ],
    ids=["none", "unlabelled", "source", "both"],
)
def test_with_additional_images_their_strategies_meet_their_counterparts(
    guessing: Make, additional: dict[str, str], expected: set[str]
) -> None:
    suite = replace(guessing(), strategies=("all",), autotl=True)
    data = Data("a", "shapes", additional=additional)
    all_of_them = entrants(suite, [*STRATEGIES])
    assert {each.name for each in all_of_them if takes_part(each, data, suite, STRATEGIES)} == expected


def test_a_data_set_may_name_its_strategies(guessing: Make) -> None:
    suite = replace(guessing(), strategies=("all",))
    data = Data("a", "shapes", strategies=("tune",), target="multi_label")
    names = {
        each.name for each in entrants(suite, [*STRATEGIES]) if takes_part(each, data, suite, STRATEGIES)
    }
    assert names == {"tune"}  # a peer needs images with one class each
    suite = replace(suite, strategies=("probe",), datasets=(data,))
    assert [each.name for each in entrants(suite, [*STRATEGIES])] == ["probe", "tune", "guess"]


def test_a_named_entrant_that_can_run_nowhere_is_an_error(guessing: Make, tmp_path: Path) -> None:
    plan = BenchPlan(guessing(), tmp_path / "out", only=("self_training",))
    with pytest.raises(BenchError, match="self_training can run on no data set of the suite 'guessing'"):
        bench.run(plan, lambda _: None)


def test_a_row_keeps_contributions_and_rows_without_them_have_their_seal(
    honest: Honest, tmp_path: Path
) -> None:
    old = honest[1][0]
    row = replace(old, target="regression", contributions=({"role": "source", "gain": 0.1},)).sealed()
    write_rows(tmp_path / "rows.parquet", [row, old])
    found = read_rows(tmp_path / "rows.parquet")
    assert [each.contributions for each in found] == [({"role": "source", "gain": 0.1},), ()]
    assert [each.seal for each in found] == [row.seal, old.seal] == [seal(each) for each in found]
    assert row.seal != old.seal


def test_a_report_gives_the_gain_with_its_interval() -> None:
    entry = {
        "role": "source", "kind": "multi-task", "images": 9, "used": 8, "left_out": 1, "strategy": "multi",
        "compared_with": "tune", "gain": None, "answer": None, "sentence": "",
    }  # fmt: skip
    measured = entry | {"gain": {"value": 0.1, "ci95": [0.0, 0.2], "p": 0.04}, "answer": "helps"}
    one, other = contributions({"contributions": [entry, measured]})
    assert (one["gain"], one["low"], one["p"]) == (None, None, None)
    assert (other["gain"], other["low"], other["high"], other["p"]) == (0.1, 0.0, 0.2, 0.04)
    assert (other["strategy"], other["compared_with"], other["answer"]) == ("multi", "tune", "helps")


@pytest.fixture
def numbers(guessing: Make, tmp_path: Path) -> tuple[bench.Suite, list[Row]]:
    """A suite of numbers, and a correct row of each seed."""
    suite = guessing()
    data = Data("shapes", "shapes", target="regression", label="angle", shots=0)
    text = suite.path.read_text().split("[[dataset]]")[0] + (
        '[[dataset]]\nname = "shapes"\ngenerator = "shapes"\ntarget = "number"\nlabel = "angle"\n'
        '[[backbone]]\nname = "tiny"\n'
    )
    suite.path.write_text(text)
    pool = [(f"{i:04d}", f"{i % 50}.5", None) for i in range(400)]
    split = splits.make(pool, shots=0, seed=0, target=TargetSpec("regression", ("angle",)))
    splits.write(suite.splits / splits.file_name(data.name, shots=0, seed=0), split)
    rows = [row_of_numbers(suite.name, split, seed=seed) for seed in suite.seeds]
    return bench.load(suite.path), rows


def row_of_numbers(suite: str, split: splits.Split, *, seed: int, entrant: str = "finetune") -> Row:
    noise = np.random.default_rng([seed, *entrant.encode()]).normal(size=split.labels.shape)
    outputs = (split.labels + noise).astype(np.float32)
    error = float(np.abs(outputs.astype(float) - split.labels).mean())
    row = dict.fromkeys(("family", "error", "command", "created", "machine"), "") | {
        "suite": suite, "dataset": "shapes", "shots": 0, "backbone": "tiny", "entrant": entrant,
        "kind": "strategy", "seed": seed, "budget_seconds": 2.0, "status": "ok", "plugin": "autotl",
        "version": "1", "split": split.hash, "n_train": split.count("train"), "n_test": split.count("test"),
        "n_classes": 1, "image_side": 32, "likeness": None, "metric": "mae", "val": -1.0, "test": -error,
        "params": {}, "trials": ({"params": {}, "val": -1.0},), "chosen": 0, "seconds": 3.0, "flops": None,
        "peak_memory_mb": None, "threads": 1, "device": "cpu", "versions": {"python": "3"}, "notes": (),
        "logits": outputs, "image_size": 0, "target": "regression",
    }  # fmt: skip
    return Row(**row).sealed()  # type: ignore[arg-type] # a dictionary of all fields


def test_rows_of_numbers_are_recomputed(numbers: tuple[bench.Suite, list[Row]]) -> None:
    suite, rows = numbers
    assert bench.check(rows, suite=suite.path) == []
    worse = replace(rows[0], test=-0.1).sealed()
    assert "its logits score" in " ".join(bench.check([worse, rows[1]], suite=suite.path))
    other = replace(rows[0], target="multi_label").sealed()
    assert "its target is multi_label" in " ".join(bench.check([other, rows[1]], suite=suite.path))
    lucky = replace(rows[0], trials=({"params": {}, "val": -1.0}, {"params": {}, "val": 30.0})).sealed()
    assert "It was not chosen by validation" in " ".join(bench.check([lucky, rows[1]], suite=suite.path))


def test_copied_numbers_are_found_and_others_are_not(numbers: tuple[bench.Suite, list[Row]]) -> None:
    suite, rows = numbers
    split = splits.read(suite.splits / splits.file_name("shapes", shots=0, seed=0))
    others = [row_of_numbers(suite.name, split, seed=row.seed, entrant="linear_probe") for row in rows]
    assert bench.check([*rows, *others], suite=suite.path) == []
    assert rows[0].logits is not None
    copy = replace(others[0], logits=rows[0].logits * 2, test=None).sealed()
    assert "linear_probe has the outputs of finetune" in " ".join(
        bench.check([*rows, copy, others[1]], suite=suite.path)
    )


def test_a_leaderboard_of_numbers_has_their_unit(numbers: tuple[bench.Suite, list[Row]]) -> None:
    suite, rows = numbers
    split = splits.read(suite.splits / splits.file_name("shapes", shots=0, seed=0))
    others = [row_of_numbers(suite.name, split, seed=row.seed, entrant="linear_probe") for row in rows]
    nothing: dict[str, Any] = {"test": None, "logits": None}
    failed = replace(rows[0], entrant="ssf", status="failed", error="no luck", **nothing).sealed()
    text = markdown([*rows, *others, failed], title="Numbers", labels=bench.true_labels([suite.path]))
    mean = -np.mean([row.test for row in rows if row.test is not None])
    assert f"{mean:.3g}" in text
    assert "`ssf`" in text
    grid = make_grid([*rows, *others, failed])
    worst = min(row.test for row in (rows[0], others[0]) if row.test is not None)
    assert grid.credited[0][grid.entrants.index("ssf")] == pytest.approx(worst)


def test_peers_alone_take_part_without_strategies(guessing: Make) -> None:
    suite = guessing()
    (peer,) = entrants(suite, [])
    assert takes_part(peer, suite.datasets[0], suite, {})
    assert not takes_part(Entrant("labels_itself", "strategy"), suite.datasets[0], suite, STRATEGIES)


@pytest.mark.slow
def test_strategies_learn_from_the_rest_and_from_other_targets(tmp_path: Path) -> None:
    pictures(tmp_path / "files" / "tiny", each=40)
    suite = replace(
        bench.load("smoke"),
        budgets=(10.0,),
        seeds=(0,),
        datasets=(
            Data("rest", file="tiny", shots=5, additional={"unlabelled": "rest"}),
            Data("tiny-collages", "collages", {"objects": [1, 2]}, file="tiny", target="multi_label"),
            Data("tiny-brightness", "brightness", file="tiny", target="regression", metric="r2"),
        ),
    )
    plan = BenchPlan(
        suite, tmp_path / "out", only=("linear_probe", "self_training", "autotl"), data=tmp_path / "files"
    )
    rows = {(row.dataset, row.entrant): row for row in read_rows(bench.run(plan, lambda _: None))}
    assert {row.status for row in rows.values()} == {"ok"}, [row.error for row in rows.values()]
    assert len(rows) == 7  # self_training has images to learn from once
    assert rows["rest", "autotl"].contributions[0]["role"] == "unlabelled"
    assert rows["tiny-brightness", "linear_probe"].metric == "r2"
    for key, chance in (("rest", 0.5), ("tiny-collages", 0.6)):
        assert (rows[key, "linear_probe"].test or 0) > chance
    predicted = rows["tiny-brightness", "linear_probe"].logits
    assert predicted is not None
    split = splits.read(tmp_path / "out" / "splits" / "tiny-brightness.csv")
    assert predicted.shape == split.labels.shape
    assert abs(predicted.mean() - split.labels.mean()) < 30  # in the unit of luminance, not standardised
