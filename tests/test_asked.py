"""What a call asks for, and what of it counts when a run goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from autotl.asked import arguments, merged
from autotl.errors import RunError
from autotl.results import RunFile


def test_data_in_memory_has_to_be_given_again(tmp_path: Path) -> None:
    defaults = {"data": None, "source": None, "backbone": "auto", "budget": None, "trials": None}
    defaults |= {"strategies": (), "without": (), "metric": "accuracy", "storage": None, "seed": 0}
    kept = arguments({**defaults, "data": ([1], ["a"])})
    assert (kept["data"], kept["in_memory"]) == (None, ["data"])
    file = RunFile(kept, "0", {})
    with pytest.raises(RunError, match=r"begun on data in memory\. Go on from Python"):
        merged(defaults, file, defaults, tmp_path)
    given = ([1], ["a"])
    alone = merged(
        {**defaults, "data": given, "workers": 1},
        RunFile(kept | {"workers": 4}, "0", {}),
        {**defaults, "workers": 1},
        tmp_path,
        given=["data", "workers"],
    )
    assert (alone["data"], alone["workers"]) == (given, 1)
    assert merged({**defaults, "data": given}, file, defaults, tmp_path)["data"] is given


def test_only_more_than_before_lets_a_finished_run_go_on(tmp_path: Path) -> None:
    defaults = {"data": None, "source": None, "backbone": "auto", "budget": None, "trials": None}
    defaults |= {"strategies": (), "without": (), "metric": "accuracy", "storage": None, "seed": 0}
    file = RunFile(arguments({**defaults, "data": "photos", "budget": "90s"}), "0", {}, ended="finished")
    for less in ({}, {"budget": "1m"}, {"budget": 90}, {"trials": 100}):
        with pytest.raises(RunError, match="finished"):
            merged({**defaults, **less}, file, defaults, tmp_path)
    assert merged({**defaults, "budget": "2m"}, file, defaults, tmp_path)["budget"] == "2m"


def test_what_is_given_counts_even_where_it_is_the_default(tmp_path: Path) -> None:
    defaults = {"data": None, "source": None, "backbone": "auto", "workers": 1, "device": "auto"}
    defaults |= {"strategies": (), "without": (), "metric": "accuracy", "storage": None, "seed": 0}
    file = RunFile(arguments({**defaults, "data": "photos", "workers": 4, "device": "cpu"}), "0", {})
    assert merged(defaults, file, defaults, tmp_path)["workers"] == 4
    together = merged(defaults, file, defaults, tmp_path, given=["workers"])
    assert (together["workers"], together["device"]) == (1, "cpu")
    with pytest.raises(RunError, match="begun with seed=0, and 1 is asked for now"):
        merged({**defaults, "seed": 1}, file, defaults, tmp_path, given=["seed"])
