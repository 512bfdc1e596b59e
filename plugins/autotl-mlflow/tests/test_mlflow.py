import json
import re
import warnings
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import entry_points
from types import SimpleNamespace

import pytest
from autotl_mlflow import client as writer_client
from autotl_mlflow import observer

from autotl import plugins
from autotl.api import Arm, Plan, Record
from autotl.testing import tiny_task

ARM = Arm("linear_probe", "tiny")
SKIPPED = {Arm("direct", "tiny"): "it knows no class"}
PLAN = Plan(tiny_task({"a": 3, "b": 4}), (ARM,), SKIPPED, 60.0, None, 3)
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
    "seed": 0,
}
VARIABLES = ("TRACKING_URI", "EXPERIMENT_NAME", "EXPERIMENT_ID", "RUN_ID")


def trial(number, score, *, state="complete", folds=1, default=False, why="", **params):
    return Record(number, ARM, params or {"C": 0.5}, default, state, score, folds, 3, 0.25, 1.0, why)


def run_hooks(folder, *records, earlier=(), report=REPORT):
    """Call the hooks of a search."""
    catalog = plugins.load([point for point in entry_points(group=plugins.GROUP) if point.name == "mlflow"])
    assert not catalog.broken
    catalog.notify("search_started", plan=PLAN, folder=folder, records=earlier)
    for record in records:
        catalog.notify("trial_finished", record=record)
    if report is not None:
        catalog.notify("search_finished", result=SimpleNamespace(folder=folder, report=report))
    catalog.notify("search_ended")


@contextmanager
def no_warnings():
    """Ignore warnings of MLflow's imports and stores."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class DirectClient:
    """A client that writes events in this process."""

    def __init__(self, folder):
        self.folder, self.search = folder, None

    def send(self, event, **values):
        values = json.loads(json.dumps(values, default=str))
        with no_warnings():
            from autotl_mlflow.runs import Search

            if event == "start":
                self.search = Search.start(self.folder, **values)
            else:
                getattr(self.search, event)(**values)

    def close(self):
        with no_warnings():
            self.search.close()


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    """Unset the variables, change to an empty folder, and restore MLflow's variables afterwards."""
    for name in VARIABLES:
        monkeypatch.delenv(f"MLFLOW_{name}", raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def run(tmp_path):
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db"


@pytest.fixture
def direct(monkeypatch, store, request):
    """Write to the store of the module without a process, in an experiment for this test."""
    monkeypatch.setattr(observer, "WriterClient", DirectClient)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", store)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", request.node.name)
    return lambda: read(store, request.node.name)


def client(store):
    with no_warnings():
        from mlflow import MlflowClient

        return MlflowClient(store)


def read(store, experiment):
    """Return the searches of an experiment, each with its trials in order."""
    with no_warnings():
        mlflow = client(store)
        found = mlflow.search_runs([mlflow.get_experiment_by_name(experiment).experiment_id])
    children = {}
    for each in sorted(found, key=lambda each: each.info.run_name):
        children.setdefault(each.data.tags.get("mlflow.parentRunId"), []).append(each)
    return [(each, children.get(each.info.run_id, [])) for each in children[None]]


def history(store, found, metric):
    return [(each.step, each.value) for each in client(store).get_metric_history(found.info.run_id, metric)]


def test_the_run_is_named_by_the_time_and_the_data(direct, run):
    run_hooks(run)
    ((found, _),) = direct()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d, 2 classes, 7 images, tiny", found.info.run_name)
    assert found.data.params["images"] == "7"
    assert found.data.tags["autotl.budget_seconds"] == "60.0"
    assert "autotl.budget_trials" not in found.data.tags
    assert found.data.tags["autotl.skipped"] == "direct · tiny: it knows no class"


def test_each_trial_is_a_child_run_of_the_search(direct, store, run):
    run_hooks(
        run,
        trial(0, 0.5, default=True),
        trial(1, 0.25, state="pruned"),
        trial(2, None, state="failed", why="x"),
    )
    ((found, trials),) = direct()
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
    assert history(store, found, "score") == [(1, 0.5), (2, 0.25)]
    assert history(store, found, "best_score") == [(1, 0.5), (2, 0.5), (3, 0.5)]


def test_a_trial_with_more_folds_stays_one_run(direct, store, run):
    run_hooks(run, trial(0, 0.75, state="stopped"), trial(1, 0.5), trial(0, 0.25, folds=3))
    ((found, (first, _)),) = direct()
    assert history(store, first, "score") == [(1, 0.75), (3, 0.25)]
    assert (first.info.status, first.data.tags["autotl.state"]) == ("FINISHED", "complete")
    assert history(store, found, "best_score") == [(1, 0.75), (2, 0.75), (3, 0.5)]


def test_the_end_writes_the_verdict_and_the_files(direct, store, run):
    for name in ("report.html", "trials.csv", "split.csv"):
        (run / name).write_text(name)
    (run / "model").mkdir()
    (run / "model" / "config.json").write_text("{}")
    run_hooks(run, trial(0, 0.5))
    ((found, _),) = direct()
    assert found.info.status == "FINISHED"
    assert found.data.tags["autotl.verdict"] == "helps"
    assert found.data.tags["mlflow.note.content"] == "Transfer helps."
    assert found.data.tags["autotl.winner.C"] == "0.5"
    expected = {
        "test": 0.75,
        "test_low": 0.5,
        "test_high": 0.875,
        "transfer_gain": 0.125,
        "transfer_gain_low": 0.0625,
        "transfer_gain_high": 0.25,
        "transfer_gain_p": 0.03,
        "total_seconds": 12.5,
    }
    assert found.data.metrics.items() >= expected.items()
    artifacts = client(store).list_artifacts
    names = [each.path for part in (None, "model") for each in artifacts(found.info.run_id, part)]
    assert names == ["model", "report.html", "trials.csv", "model/config.json"]


@pytest.mark.parametrize("report", [{}, {**dict.fromkeys(REPORT), "test": {"value": 0.75, "ci95": None}}])
def test_unmeasured_values_are_skipped(direct, run, report):
    run_hooks(run, trial(0, 0.5), report=report)
    ((found, _),) = direct()
    assert found.info.status == "FINISHED"
    assert "transfer_gain" not in found.data.metrics


def test_a_resumed_search_continues_its_run_without_repeated_trials(direct, store, run):
    run_hooks(run, trial(0, 0.5), trial(1, 0.25), report=None)
    ((found, _),) = direct()
    assert found.info.status == "KILLED"
    # the second trial had fewer folds in the store, and the third was not sent
    earlier = [trial(0, 0.5), trial(1, 0.75, folds=3), trial(2, 0.625)]
    winner = {**REPORT, "how": {"params": {"lr": 0.1}}}
    run_hooks(run, trial(3, 0.5), earlier=earlier, report=winner)
    ((after, trials),) = direct()
    assert (after.info.run_id, after.info.status) == (found.info.run_id, "FINISHED")
    assert [each.data.metrics["score"] for each in trials] == [0.5, 0.75, 0.625, 0.5]
    assert history(store, after, "folds") == [(1, 1), (2, 1), (3, 3), (4, 1), (5, 1)]
    run_hooks(run, earlier=[*earlier, trial(3, 0.5)], report=REPORT)
    ((again, _),) = direct()
    assert len(history(store, again, "folds")) == 5
    assert [tag for tag in again.data.tags if "winner" in tag] == ["autotl.winner.C"]


def test_a_resumed_search_finds_its_store_without_the_variable(direct, store, run, monkeypatch):
    run_hooks(run, trial(0, 0.5), report=None)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    run_hooks(run, trial(1, 0.5), earlier=[trial(0, 0.5)])
    ((_, trials),) = direct()
    assert len(trials) == 2
    assert not (run / "mlflow.db").exists()


def test_a_deleted_run_is_replaced_by_a_run_with_all_trials(direct, store, run):
    run_hooks(run, trial(0, 0.5), report=None)
    ((found, _),) = direct()
    client(store).delete_run(found.info.run_id)
    run_hooks(run, earlier=[trial(0, 0.5)])
    searches = [(each.info.run_id, len(trials)) for each, trials in direct()]
    assert len(searches) == 1
    assert searches[0] != (found.info.run_id, 1)
    assert searches[0][1] == 1


def test_the_run_folder_contains_no_password(run, monkeypatch):
    with no_warnings():
        from autotl_mlflow import store
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://me:secret@example.org/mlflow")
    store.save_run(run, "1234", own=False)
    saved = json.loads((run / store.FILE).read_text())
    assert (saved["run"], saved["store"]) == ("1234", "https://example.org/mlflow")


def test_texts_and_names_are_converted_for_the_store(direct, run):
    arm = Arm("linear_probe", "models/a\udc80")
    many = {f"setting_{i}": i for i in range(250)}
    run_hooks(
        run,
        replace(trial(0, None, state="failed", why="x" * 10**5, **{"a;b": 1}, **many), arm=arm),
    )
    ((_, (found,)),) = direct()
    assert found.data.params["backbone"] == "models/a?"
    assert found.data.params["a_b"] == "1"
    assert len(found.data.params) == 254
    assert len(found.data.tags["autotl.why"]) == 5000


def test_the_active_run_of_the_caller_is_the_parent_of_the_search(direct, store, run):
    with no_warnings():
        import mlflow

        mlflow.set_tracking_uri(store)
        mlflow.set_experiment("mine")
        try:
            with mlflow.start_run(run_name="mine") as mine:
                variables = writer_client._mlflow_variables()
        finally:
            mlflow.set_tracking_uri(None)
    assert variables == {"MLFLOW_TRACKING_URI": store, "MLFLOW_RUN_ID": mine.info.run_id}


def test_the_run_of_the_variable_is_the_parent_of_the_search(direct, store, run, monkeypatch):
    mlflow = client(store)
    experiment = mlflow.create_experiment("theirs")
    parent = mlflow.create_run(experiment, run_name="theirs").info.run_id
    monkeypatch.setenv("MLFLOW_RUN_ID", parent)
    run_hooks(run, trial(0, 0.5))
    ((found, (search,)),) = read(store, "theirs")
    assert found.info.run_id == parent
    assert search.data.params["classes"] == "2"
