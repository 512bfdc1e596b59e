import json
from types import SimpleNamespace

import pytest
from autotl_kit import diary

from autotl import plugins
from autotl.api import Arm, Plan, Record
from autotl.testing import tiny_task

ARM = Arm("linear_probe", "tiny")
PLAN = Plan(tiny_task({"a": 3, "b": 3}), (ARM,), {Arm("direct", "tiny"): "no classes"}, 60.0, None, 1)
RECORD = Record(0, ARM, {"C": 0.01}, True, "complete", 0.5, 1, 3, 0.2)


@pytest.fixture
def catalog(monkeypatch):
    monkeypatch.delenv(diary.VARIABLE, raising=False)
    return plugins.load()


def notify(catalog, folder):
    catalog.notify("search_started", plan=PLAN, folder=folder, records=[])
    catalog.notify("trial_finished", record=RECORD)
    result = SimpleNamespace(folder=folder, verdict={"transfer": "helps"}, report={"test": {"value": 0.9}})
    catalog.notify("search_finished", result=result)


def test_each_event_is_a_line(catalog, monkeypatch, tmp_path):
    monkeypatch.setenv(diary.VARIABLE, str(tmp_path / "diary.jsonl"))
    notify(catalog, tmp_path)
    started, trial, finished = map(json.loads, (tmp_path / "diary.jsonl").read_text().splitlines())
    assert started["event"] == "search_started"
    assert started["plan"]["skipped"] == {"direct · tiny": "no classes"}
    assert trial["record"]["params"] == {"C": 0.01}
    assert finished["verdict"] == {"transfer": "helps"}
    assert all(line["at"].endswith("+00:00") for line in (started, trial, finished))


def test_without_the_variable_nothing_is_written(catalog, tmp_path, monkeypatch):
    here, run = tmp_path / "here", tmp_path / "run"  # other observers may write to the run folder
    for each in (here, run):
        each.mkdir()
    monkeypatch.chdir(here)
    notify(catalog, run)
    assert list(here.iterdir()) == []


def test_an_unwritable_file_does_not_end_the_search(catalog, monkeypatch, tmp_path):
    monkeypatch.setenv(diary.VARIABLE, str(tmp_path / "no" / "such" / "folder.jsonl"))
    with pytest.warns(RuntimeWarning, match="'diary' failed in autotl_search_started"):
        notify(catalog, tmp_path)
