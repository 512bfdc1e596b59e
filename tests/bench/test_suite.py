"""Check that suites are read, that errors name the mistake, and that the shipped suites are complete."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from autotl import bench, plugins
from autotl.bench import runner
from autotl.bench import split as splits
from autotl.bench.prepared_data import prepare_data
from autotl.errors import BenchError, UnknownName

WHOLE = """
[[dataset]]
name = "a"
generator = "shapes"
[[backbone]]
name = "tiny"
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_missing_keys_have_defaults(tmp_path: Path) -> None:
    suite = bench.load(written(tmp_path, WHOLE))
    assert (suite.name, suite.metric, suite.budgets, suite.seeds, suite.shots) == (
        "mine", "accuracy", (60.0,), (0,), (0,),
    )  # fmt: skip
    assert suite.autotl
    assert suite.strategies == ("all",)


@pytest.mark.parametrize("name", ["smoke", "public", "selection", "vtab-lite", "full"])
def test_the_shipped_suites_can_be_read(name: str) -> None:
    suite = bench.load(name)
    assert suite.summary
    assert name in bench.shipped()


@pytest.mark.parametrize("name", ["smoke", "public", "selection"])
def test_the_splits_of_data_without_the_hub_are_fixed(name: str) -> None:
    suite = bench.load(name)
    for data in suite.datasets:
        for shots in suite.shots:
            for seed in suite.seeds:
                split = splits.read(suite.splits / splits.file_name(data.name, shots=shots, seed=seed))
                train = {line.digest for line in split.lines if line.part == "train"}
                test = {line.digest for line in split.lines if line.part == "test"}
                assert train
                assert test
                assert not train & test


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seeds = [0", "not a TOML file"),
        ("sedes = [0]" + WHOLE, "Did you mean 'seeds'"),
        (WHOLE.replace("generator", "genrator"), "Did you mean 'generator'"),
        (WHOLE.replace('generator = "shapes"', ""), "one of generator, file and huggingface (got 0)"),
        (WHOLE.replace('name = "a"', 'name = "a/b"'), "must be a file name"),
        (WHOLE + WHOLE, "two entries have the data set name"),
        ("seeds = 3" + WHOLE, "must be a list"),
        ("seeds = [-1]" + WHOLE, "-1"),
        ('[[dataset]]\nname = "a"\ngenerator = "shapes"', "at least one [[backbone]]"),
        (WHOLE + '[[peer]]\nname = "x"', "must have a command"),
        (WHOLE.replace('"shapes"', '"shapes"\ntest = 2'), "must be in (0, 0.9]"),
    ],
)
def test_errors_name_the_mistake(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BenchError, match=re.escape(said)):
        bench.load(written(tmp_path, text))


def test_the_error_for_an_unknown_suite_suggests_similar_ones() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'smoke'"):
        bench.load("smok")
    with pytest.raises(BenchError, match="There is no suite"):
        bench.load("nowhere.toml")


@pytest.mark.parametrize("name", ["digits", "shapes", "gratings-far", "colours"])
def test_the_generated_data_match_their_splits(name: str, tmp_path: Path) -> None:
    suite = bench.load("smoke")
    (data,) = (each for each in suite.datasets if each.name == name)
    readers = plugins.load().readers.items
    found = prepare_data(
        data, shots=10, seed=0, folder=tmp_path, files=None, official=suite.splits, readers=readers
    )
    assert found.split == splits.read(suite.splits / splits.file_name(name, shots=10, seed=0))
    assert len(found.test.read_text(encoding="utf-8").splitlines()) == 1 + found.split.count("test")


def test_other_weights_than_the_suites_are_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "weights" / "mobilenetv2_100.in1k"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"other")
    checkpoint = bench.load("public").backbones[0]
    with pytest.raises(BenchError, match=r"must have the SHA-256 3a58.* \(got [0-9a-f]{64}\)"):
        runner._check_weights(checkpoint, tmp_path / "weights")
    runner._check_weights(replace(checkpoint, sha256=None), tmp_path / "weights")
