"""Options of a resumed run: which ones stay, which may change, and which must be given again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autotl.config.resume_arguments import merge
from autotl.config.run_config import RunConfig, all_options
from autotl.config.run_json import check_json, to_json
from autotl.errors import RunError
from autotl.results import RunFile


def started(**arguments: Any) -> RunFile:
    """Return the run file of a run on photos."""
    return RunFile(to_json(RunConfig.of(**{"data": "photos", **arguments})), "0", {})


def merged(
    file: RunFile, folder: Path, *, explicit: Collection[str] = (), **arguments: Any
) -> dict[str, Any]:
    return merge(RunConfig.of(**arguments), file, folder, explicit=explicit).arguments()


def test_data_in_memory_has_to_be_given_again(tmp_path: Path) -> None:
    file = started(data=([1], ["a"]))
    assert (file.arguments["data"], file.arguments["in_memory"]) == (None, ["data"])
    with pytest.raises(RunError, match=r"used data in memory\. Resume it from Python"):
        merged(file, tmp_path)
    given = ([1], ["a"])
    four = replace(file, arguments={**file.arguments, "workers": 4})
    alone = merged(four, tmp_path, data=given, workers=1, explicit=["data", "workers"])
    assert (alone["data"], alone["workers"]) == (given, 1)
    assert merged(file, tmp_path, data=given)["data"] is given


def test_a_finished_run_needs_more_budget_or_trials(tmp_path: Path) -> None:
    file = replace(started(budget="90s"), ended="finished")
    for less in ({}, {"budget": "1m"}, {"budget": 90}, {"trials": 100}):
        with pytest.raises(RunError, match="finished"):
            merged(file, tmp_path, **less)
    assert merged(file, tmp_path, budget="2m")["budget"] == "2m"


def test_an_explicit_value_counts_even_if_it_is_the_default(tmp_path: Path) -> None:
    file = started(workers=4, device="cpu")
    assert merged(file, tmp_path)["workers"] == 4
    together = merged(file, tmp_path, workers=1, explicit=["workers"])
    assert (together["workers"], together["device"]) == (1, "cpu")
    with pytest.raises(RunError, match=r"seed must be 0, as at the start of the run in .* \(got 1\)"):
        merged(file, tmp_path, seed=1, explicit=["seed"])


def test_the_metric_of_a_run_that_named_none_may_be_named(tmp_path: Path) -> None:
    file = started()
    for usual in ("accuracy", "mean_average_precision", "mae"):  # the kind of target decides later
        assert merged(file, tmp_path, metric=usual, explicit=["metric"])["metric"] == usual
    with pytest.raises(
        RunError,
        match=r"metric must be the target's default \(accuracy, mae, mean_average_precision\), .*'macro_f1'",
    ):
        merged(file, tmp_path, metric="macro_f1")
    with pytest.raises(RunError, match=r"metric must be 'macro_f1', as at the start"):
        merged(started(metric="macro_f1"), tmp_path, metric="accuracy")


def test_every_option_is_kept_in_the_run_file(tmp_path: Path) -> None:
    file = started(budget=90, cache="2GiB", max_size=10_000_000)
    assert set(file.arguments) == {*all_options(), "in_memory"}
    known, notes = check_json(file.arguments, tmp_path)
    assert (known, notes) == (file.arguments, [])
    assert merged(file, tmp_path)["budget"] == 90


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("backbone", 5), ("without", {"a": 1}), ("trials", "9"), ("test", "much"), ("in_memory", None),
        ("budget", [1]), ("workers", True), ("seed", 1.5), ("data", ["photos"]), ("reweight", "yes"),
    ],
)  # fmt: skip
def test_an_argument_of_another_type_is_refused_by_name(name: str, value: Any, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=rf"run\.json were edited: {name} must be "):
        check_json({**started().arguments, name: value}, tmp_path)


def test_an_argument_of_a_newer_version_is_ignored_with_a_note(tmp_path: Path) -> None:
    known, [note] = check_json({**started().arguments, "colour": "blue"}, tmp_path)
    assert note == "run.json has the argument colour, which this autotl does not know: it is ignored."
    assert "colour" not in known


def test_a_missing_argument_has_its_default(tmp_path: Path) -> None:
    known, _ = check_json(
        {name: value for name, value in started().arguments.items() if name not in ("ensemble", "in_memory")},
        tmp_path,
    )
    assert merged(RunFile(known, "0", {}), tmp_path)["ensemble"] is False


def test_arguments_of_the_previous_version_are_read(tmp_path: Path) -> None:
    """The keys and their values are those that version 0.1 wrote."""
    old = {
        "preset": "balanced", "budget": None, "trials": 4, "strategies": ["linear_probe"], "without": [],
        "metric": "accuracy", "image_size": 32, "max_latency": None, "max_size": None, "test": 0.2,
        "image": None, "label": None, "group": None, "device": "auto", "executor": "auto", "workers": 1,
        "storage": None, "processes": 1, "cache": None, "clean": "report", "reweight": False,
        "all_backbones": False, "experience": True, "curves": False, "ensemble": False, "seed": 0,
        "backbone": ["tiny"], "data": "/photos", "source": None, "in_memory": [],
    }  # fmt: skip
    known, notes = check_json(old, tmp_path)
    assert notes == []
    config = merge(RunConfig(), RunFile(known, "0", {}), tmp_path)
    assert config == RunConfig.of(
        data="/photos", trials=4, strategies="linear_probe", image_size=32, backbone="tiny",
        metric="accuracy", all_backbones=False, curves=False,
    )  # fmt: skip


def test_a_metric_to_import_has_to_be_given_again(tmp_path: Path) -> None:
    file = started(metric="surprise:f")
    with pytest.raises(RunError, match=r"'surprise:f', a function.*give it again: --metric surprise:f"):
        merged(file, tmp_path)
    with pytest.raises(RunError, match=r"metric must be 'surprise:f', .* \(got 'other:f'\)"):
        merged(file, tmp_path, metric="other:f")
    assert merged(file, tmp_path, metric="surprise:f")["metric"] == "surprise:f"


def test_a_database_has_to_be_given_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUTOTL_STORAGE", raising=False)
    url = "sqlite:///elsewhere.db"
    file = started(storage=url)
    with pytest.raises(RunError, match=r"No database is opened because a file names it.*--storage"):
        merged(file, tmp_path)
    assert merged(file, tmp_path, storage=url)["storage"] == url
    monkeypatch.setenv("AUTOTL_STORAGE", url)
    assert merged(file, tmp_path)["storage"] == url
