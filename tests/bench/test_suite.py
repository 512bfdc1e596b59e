"""Check that suites are read, that errors name the mistake, and that the shipped suites are complete."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from autotl import bench, plugins
from autotl.api import ROLES
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


def with_keys(text: str) -> str:
    return WHOLE.replace('"shapes"', f'"shapes"\n{text}')


def test_missing_keys_have_defaults(tmp_path: Path) -> None:
    suite = bench.load(written(tmp_path, WHOLE))
    assert (suite.name, suite.metric, suite.budgets, suite.seeds, suite.shots) == (
        "mine", "accuracy", (60.0,), (0,), (0,),
    )  # fmt: skip
    assert suite.autotl
    assert suite.strategies == ("all",)


@pytest.mark.parametrize(
    "name", ["smoke", "public", "selection", "kinds", "text", "text-smoke", "vtab-lite", "full"]
)
def test_the_shipped_suites_can_be_read(name: str) -> None:
    suite = bench.load(name)
    assert suite.summary
    assert name in bench.shipped()


def test_a_data_set_may_have_its_own_shots_metric_and_strategies(tmp_path: Path) -> None:
    own = with_keys('shots = 5\nmetric = "auroc"\nstrategies = ["finetune"]\nunlabelled = "rest"')
    suite = bench.load(written(tmp_path, "shots = [0]" + own))
    (data,) = suite.datasets
    assert (suite.shots_of(data), suite.metric_of(data)) == ((5,), "auroc")
    assert suite.strategies_of(data) == ("finetune",)
    assert data.additional == {"unlabelled": "rest"}


def test_every_role_of_additional_images_is_a_key(tmp_path: Path) -> None:
    roles = "\n".join(f'{role} = "{role}.zip"' for role in ROLES)
    (data,) = bench.load(written(tmp_path, with_keys(roles))).datasets
    assert data.additional == {role: f"{role}.zip" for role in ROLES}


@pytest.mark.parametrize(
    ("target", "metric"), [("multi", "mean_average_precision"), ("number", "mae"), ("single", "accuracy")]
)
def test_a_metric_that_cannot_score_the_target_is_replaced(tmp_path: Path, target: str, metric: str) -> None:
    text = "shots = [5]" + with_keys(f'target = "{target}"\nlabel = "of"')
    suite = bench.load(written(tmp_path, text))
    (data,) = suite.datasets
    assert suite.metric_of(data) == metric
    assert suite.shots_of(data) == ((5,) if target == "single" else (0,))


@pytest.mark.parametrize("name", ["smoke", "public", "selection", "kinds", "text", "text-smoke"])
def test_the_splits_of_data_without_the_hub_are_fixed(name: str) -> None:
    suite = bench.load(name)
    for data in suite.datasets:
        for shots in suite.shots_of(data):
            for seed in suite.seeds:
                split = splits.read(suite.splits / splits.file_name(data.name, shots=shots, seed=seed))
                train = {line.digest for line in split.lines if line.part == "train"}
                test = {line.digest for line in split.lines if line.part == "test"}
                assert train
                assert test
                assert split.target == data.target
                assert not train & test


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seeds = [0", "not a TOML file"),
        (with_keys('text = "a"\nimage = "b"'), "must have no image, because its inputs are texts"),
        (
            WHOLE.replace("shapes", "messages")
            + '[[dataset]]\nname = "b"\ngenerator = "messages"\nsource = "c"',
            "no source",
        ),
        ("sedes = [0]" + WHOLE, "Did you mean 'seeds'"),
        (WHOLE.replace("generator", "genrator"), "Did you mean 'generator'"),
        (WHOLE.replace('generator = "shapes"', ""), "one of generator, file and huggingface (got 0)"),
        (WHOLE.replace('name = "a"', 'name = "a/b"'), "must be a file name"),
        (WHOLE + WHOLE, "two entries have the data set name"),
        ("seeds = 3" + WHOLE, "must be a list"),
        ("seeds = [-1]" + WHOLE, "-1"),
        ('[[dataset]]\nname = "a"\ngenerator = "shapes"', "at least one [[backbone]]"),
        (WHOLE + '[[peer]]\nname = "x"', "must have a command"),
        (with_keys("shots = -1"), "must have shots of at least 0 (got -1)"),
        (with_keys("shots = true"), "must have an integer as shots (got True)"),
        (with_keys('target = "several"'), "No target called 'several'"),
        (with_keys('target = "number"'), "must have a label, the column of the numbers"),
        (with_keys('target = "number"\nlabel = "part"'), "another name than image, part, path, error"),
        (with_keys('target = "multi"\nshots = 5'), "must have shots = 0"),
        (with_keys('target = "multi"\nmetric = "mae"'), "must have a metric of its target"),
        (
            with_keys('test_file = "b.zip"'),
            "must have a file without a generator, because it has a test_file",
        ),
        (with_keys('unlabelled = "rest"'), "must have shots of at least 1"),
        (with_keys('unlabeled = "rest"'), "Did you mean 'unlabelled'"),
        (WHOLE.replace("shapes", "collages"), "must have the file whose images the generator collages"),
        (
            WHOLE.replace('"shapes"', '"rotations"\nfile = "a.zip"\ntarget = "multi"'),
            "must have the target 'number', because it has the generator rotations",
        ),
        (WHOLE.replace('"shapes"', '"shapes"\ntest = 2'), "must have a test in (0, 0.9]"),
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


@pytest.mark.parametrize(
    ("source", "name"),
    [
        *(("smoke", name) for name in ("digits", "shapes", "gratings-far", "colours")),
        ("text-smoke", "messages"),
    ],
)
def test_the_generated_data_match_their_splits(source: str, name: str, tmp_path: Path) -> None:
    suite = bench.load(source)
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
