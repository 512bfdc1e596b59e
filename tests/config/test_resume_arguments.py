"""What a call asks for, and what of it counts when a run goes on."""

from __future__ import annotations

from inspect import signature
from pathlib import Path
from typing import Any

import pytest

import autotl
from autotl.config.resume_arguments import OF_THE_CALL, Kept, arguments, checked, merged
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


DEFAULTS: dict[str, Any] = {name: each.default for name, each in signature(autotl.fit).parameters.items()}
DEFAULTS["data"] = None


def begun(**given: Any) -> RunFile:
    return RunFile(arguments({**DEFAULTS, "data": "photos", **given}), "0", {})


def test_every_argument_of_fit_has_a_type_in_the_run_file(tmp_path: Path) -> None:
    assert set(Kept.__annotations__) == set(DEFAULTS) - set(OF_THE_CALL) | {"in_memory"}
    file, notes = checked(begun(budget=90, cache="2GiB", max_size=1e7), tmp_path)
    assert notes == []
    assert merged(DEFAULTS, file, DEFAULTS, tmp_path)["budget"] == 90


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("backbone", 5), ("without", {"a": 1}), ("trials", "9"), ("test", "much"), ("in_memory", None),
        ("budget", [1]), ("workers", True), ("seed", 1.5), ("data", ["photos"]), ("reweight", "yes"),
    ],
)  # fmt: skip
def test_an_argument_of_another_type_is_refused_by_name(name: str, value: Any, tmp_path: Path) -> None:
    file = begun()
    edited = RunFile({**file.arguments, name: value}, "0", {})
    with pytest.raises(RunError, match=rf"run\.json were edited: {name}"):
        checked(edited, tmp_path)


def test_an_argument_of_a_newer_version_is_ignored_with_a_note(tmp_path: Path) -> None:
    file, [note] = checked(RunFile({**begun().arguments, "colour": "blue"}, "0", {}), tmp_path)
    assert note == "run.json has the argument colour, which this autotl does not know: it is ignored."
    assert "colour" not in merged(DEFAULTS, file, DEFAULTS, tmp_path)


def test_an_argument_of_a_newer_version_that_is_missing_has_its_default(tmp_path: Path) -> None:
    kept = {name: value for name, value in begun().arguments.items() if name not in ("ensemble", "in_memory")}
    file, _ = checked(RunFile(kept, "0", {}), tmp_path)
    assert merged(DEFAULTS, file, DEFAULTS, tmp_path)["ensemble"] is False


def test_a_metric_to_import_has_to_be_given_again(tmp_path: Path) -> None:
    file = begun(metric="surprise:f")
    with pytest.raises(RunError, match=r"'surprise:f', a function.*give it again, as --metric surprise:f"):
        merged(DEFAULTS, file, DEFAULTS, tmp_path)
    with pytest.raises(RunError, match="begun with metric='surprise:f', and 'other:f' is asked for now"):
        merged({**DEFAULTS, "metric": "other:f"}, file, DEFAULTS, tmp_path)
    given = {**DEFAULTS, "metric": "surprise:f"}
    assert merged(given, file, DEFAULTS, tmp_path)["metric"] == "surprise:f"


def test_a_database_has_to_be_given_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AUTOTL_STORAGE", raising=False)
    url = "sqlite:///elsewhere.db"
    file = begun(storage=url)
    with pytest.raises(RunError, match=r"No database is opened because a file names it.*--storage"):
        merged(DEFAULTS, file, DEFAULTS, tmp_path)
    assert merged({**DEFAULTS, "storage": url}, file, DEFAULTS, tmp_path)["storage"] == url
    monkeypatch.setenv("AUTOTL_STORAGE", url)
    assert merged(DEFAULTS, file, DEFAULTS, tmp_path)["storage"] == url
