import dataclasses
import os
import re
import subprocess
import sys
import threading
import warnings
from contextlib import contextmanager
from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace

import pytest
from autotl_mlflow import observer, runs

import autotl
from autotl import plugins
from autotl.api import Arm, Plan, Record, Task
from autotl.testing import tiny_images

ARM = Arm("linear_probe", "tiny")
SKIPPED = {Arm("direct", "tiny"): "it knows no class"}
PLAN = Plan(Task(("a", "b"), {"a": 3, "b": 4}, 24), (ARM,), SKIPPED, 60.0, None, 3)
REPORT = {
    "verdict": {
        "transfer": "helps",
        "strategy": "linear_probe",
        "backbone": "tiny",
        "sentence": "Transfer helps.",
    },
    "when": {"transfer_gain": {"value": 0.125, "ci95": [0.0625, 0.25], "p": 0.03}},
    "how": {"params": {"C": 0.5}},
    "test": {"metric": "accuracy", "value": 0.75, "ci95": [0.5, 0.875]},
    "search": {"trials": 3},
    "cost": {"seconds": 12.5},
    "command": "autotl fit photos",
}


def trial(number, score, *, state="complete", folds=1, default=False, why="", **params):
    return Record(number, ARM, params or {"C": 0.5}, default, state, score, folds, 3, 0.25, 1.0, why)


def alone():
    """A catalog of nothing but this plugin."""
    return plugins.load([point for point in entry_points(group=plugins.GROUP) if point.name == "mlflow"])


def told(*records, report=REPORT, folder=Path("no-run")):
    """The life of a search, as its plugins are told of it."""
    catalog = alone()
    catalog.tell("search_started", plan=PLAN)
    for record in records:
        catalog.tell("trial_finished", record=record)
    if report is not None:
        catalog.tell("search_finished", result=SimpleNamespace(folder=folder, report=report))


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db"


@pytest.fixture
def kept(store, monkeypatch, tmp_path, request):
    """What is in this test's own experiment: the searches, and below each its trials, in order."""
    for name in (*runs.MANNERS, "MLFLOW_EXPERIMENT_ID", "MLFLOW_RUN_ID"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", request.node.name)
    monkeypatch.chdir(tmp_path)  # where SQLite's runs have their artifacts
    return lambda: read(store, request.node.name)


@contextmanager
def client(store):
    """MLflow's own client. What it warns of while it is loaded and opens a store is not what is tested."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow import MlflowClient

        yield MlflowClient(store)


def read(store, experiment):
    with client(store) as mlflow:
        known = mlflow.get_experiment_by_name(experiment)
        found = mlflow.search_runs([known.experiment_id])
    below = {}
    for run in sorted(found, key=lambda run: run.info.run_name):
        below.setdefault(run.data.tags.get("mlflow.parentRunId"), []).append(run)
    return [(run, below.get(run.info.run_id, [])) for run in below[None]]


def history(store, run, metric):
    with client(store) as mlflow:
        return [(each.step, each.value) for each in mlflow.get_metric_history(run.info.run_id, metric)]


def test_it_is_found_and_can_be_left_out():
    assert plugins.load().manager.has_plugin("mlflow")
    assert not plugins.load(without=["mlflow"]).manager.has_plugin("mlflow")


def test_listing_plugins_does_not_load_mlflow():
    heavy = "print([name for name in ('mlflow', 'torch') if name in sys.modules])"
    code = f"import autotl_mlflow.observer, sys; {heavy}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_run_is_named_by_the_time_and_the_data(kept):
    told()
    ((run, _),) = kept()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d, 2 classes, 7 images, tiny", run.info.run_name)
    assert run.data.params["budget_seconds"] == "60.0"
    assert "budget_trials" not in run.data.params
    assert run.data.tags["autotl.skipped"] == "direct · tiny: it knows no class"


def test_each_trial_is_a_run_below_the_search(kept, store):
    told(trial(0, 0.5, default=True), trial(1, 0.25, state="pruned"), trial(2, None, state="failed", why="x"))
    ((run, trials),) = kept()
    assert [each.info.run_name for each in trials] == [f"00{i} linear_probe · tiny" for i in range(3)]
    assert [each.info.status for each in trials] == ["FINISHED", "KILLED", "FAILED"]
    first, _, failed = trials
    assert first.data.params == {
        "strategy": "linear_probe",
        "backbone": "tiny",
        "default": "True",
        "C": "0.5",
    }
    assert first.data.metrics == {"score": 0.5, "best_score": 0.5, "epochs": 3, "folds": 1, "seconds": 0.25}
    assert failed.data.tags["autotl.why"] == "x"
    assert "score" not in failed.data.metrics
    assert history(store, run, "score") == [(1, 0.5), (2, 0.25)]
    assert history(store, run, "best_score") == [(1, 0.5), (2, 0.5), (3, 0.5)]


def test_a_trial_told_again_with_more_folds_stays_one_run(kept, store):
    told(trial(0, 0.75, state="stopped"), trial(1, 0.5), trial(0, 0.25, folds=3))
    ((run, (first, _)),) = kept()
    assert history(store, first, "score") == [(1, 0.75), (3, 0.25)]
    assert (first.info.status, first.data.tags["autotl.state"]) == ("FINISHED", "complete")
    assert history(store, run, "best_score") == [(1, 0.75), (2, 0.75), (3, 0.5)]


def test_the_verdict_and_the_files_end_it(kept, store, tmp_path):
    for name in ("report.html", "trials.csv", "split.csv"):
        (tmp_path / name).write_text(name)
    told(trial(0, 0.5), folder=tmp_path)
    ((run, _),) = kept()
    assert run.info.status == "FINISHED"
    assert run.data.tags["autotl.verdict"] == "helps"
    assert run.data.tags["mlflow.note.content"] == "Transfer helps."
    assert run.data.params["winner.C"] == "0.5"
    ends = {"test_low": 0.5, "test_high": 0.875, "transfer_gain_low": 0.0625, "transfer_gain_high": 0.25}
    told_at_end = {
        **ends,
        "test": 0.75,
        "transfer_gain": 0.125,
        "transfer_gain_p": 0.03,
        "total_seconds": 12.5,
    }
    assert run.data.metrics.items() >= told_at_end.items()
    with client(store) as mlflow:
        files = [each.path for each in mlflow.list_artifacts(run.info.run_id)]
    assert files == ["report.html", "trials.csv"]


@pytest.mark.parametrize("report", [{}, {**dict.fromkeys(REPORT), "test": {"value": 0.75, "ci95": None}}])
def test_what_was_not_measured_is_left_out(kept, report, tmp_path):
    told(trial(0, 0.5), report=report, folder=tmp_path)
    ((run, _),) = kept()
    assert run.info.status == "FINISHED"
    assert "transfer_gain" not in run.data.metrics


def test_a_search_without_an_end_is_readable_and_ended_by_the_next(kept):
    told(trial(0, 0.5), report=None)
    ((run, trials),) = kept()
    assert (run.info.status, len(trials)) == ("RUNNING", 1)
    assert run.data.metrics["best_score"] == 0.5
    told(trial(0, 0.25), trial(1, 0.25))
    assert sorted((run.info.status, len(trials)) for run, trials in kept()) == [
        ("FINISHED", 2),
        ("KILLED", 1),
    ]


def test_a_process_that_ends_ends_the_search_it_was_in(kept, monkeypatch):
    at_exit = []
    monkeypatch.setattr(observer, "atexit", SimpleNamespace(register=at_exit.append, unregister=id))
    told(trial(0, 0.5), report=None)
    (leave,) = at_exit
    leave()
    ((run, _),) = kept()
    assert run.info.status == "KILLED"


def test_two_searches_at_once_do_not_mix(kept):
    catalog = alone()
    catalog.tell("search_started", plan=PLAN)
    other = threading.Thread(target=told, args=(trial(0, 0.25),))
    other.start()
    other.join()
    catalog.tell("trial_finished", record=trial(0, 0.5))
    found = sorted((run.data.metrics["best_score"], len(trials)) for run, trials in kept())
    assert found == [(0.25, 1), (0.5, 1)]


def test_a_run_that_the_caller_has_open_holds_the_search(kept, store):
    with client(store):
        import mlflow

        mlflow.set_tracking_uri(store)
        with mlflow.start_run(run_name="mine") as mine:
            told(trial(0, 0.5))
            assert mlflow.active_run().info.run_id == mine.info.run_id
        mlflow.set_tracking_uri(None)
    ((run, searches),) = kept()
    assert run.info.run_name == "mine"
    assert [search.data.params["classes"] for search in searches] == ["2"]


def test_texts_that_a_store_would_refuse_are_made_to_fit(kept):
    arm = Arm("linear_probe", "models/a\udc80")
    told(dataclasses.replace(trial(0, None, state="failed", why="x" * 10**5), arm=arm))
    ((_, (run,)),) = kept()
    assert run.data.params["backbone"] == "models/a?"
    assert len(run.data.tags["autotl.why"]) == runs.LONGEST


def test_the_environment_is_left_as_it_was(kept):
    before = dict(os.environ)
    told(trial(0, 0.5))
    assert dict(os.environ) == before


def test_a_server_that_is_gone_does_not_end_the_search(kept, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.warns(RuntimeWarning, match="'mlflow' failed in autotl_search_started"):
        told(trial(0, 0.5))


def test_a_real_search_is_kept_in_the_experiment_autotl(kept, store, monkeypatch, tmp_path):
    monkeypatch.delenv("MLFLOW_EXPERIMENT_NAME")
    result = autotl.fit(
        tiny_images(classes=2, each=12),
        backbone="tiny",
        image_size=32,
        trials=2,
        out=tmp_path / "run",
        experience=False,
        without=["tensorboard"] if plugins.load().manager.has_plugin("tensorboard") else (),
    )
    ((run, trials),) = read(store, runs.EXPERIMENT)
    assert len(trials) == len(result.report["trials"])
    assert run.data.metrics["test"] == pytest.approx(result.report["test"]["value"])
    assert run.data.tags["mlflow.note.content"] == result.verdict["sentence"]
    with client(store) as mlflow:
        files = [each.path for each in mlflow.list_artifacts(run.info.run_id)]
    assert files == ["report.html", "report.json", "trials.csv"]
