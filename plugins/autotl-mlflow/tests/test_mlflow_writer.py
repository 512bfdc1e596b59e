import os
import subprocess
import sys
import time
import warnings
from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace

import pytest
from autotl_mlflow import client

import autotl
from autotl import plugins
from autotl.api import Arm, Plan, Record
from autotl.builtin.strategies.baselines import from_scratch
from autotl.terminal import Silence
from autotl.testing import tiny_images, tiny_task

PLAN = Plan(tiny_task({"a": 3, "b": 4}), (Arm("linear_probe", "tiny"),), {}, 60.0, None, 3)


def trial(number, score):
    return Record(number, PLAN.arms[0], {"C": 0.5}, True, "complete", score, 1, 3, 0.25)


def run_hooks(folder, *records, earlier=(), report=None):
    """Call the hooks of a search."""
    catalog = plugins.load([point for point in entry_points(group=plugins.GROUP) if point.name == "mlflow"])
    catalog.notify("search_started", plan=PLAN, folder=folder, records=earlier)
    for record in records:
        catalog.notify("trial_finished", record=record)
    if report is not None:
        catalog.notify("search_finished", result=SimpleNamespace(folder=folder, report=report))
    catalog.notify("search_ended")


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    """Unset the variables, and change to an empty folder."""
    for name in ("TRACKING_URI", "EXPERIMENT_NAME", "EXPERIMENT_ID", "RUN_ID"):
        monkeypatch.delenv(f"MLFLOW_{name}", raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(client, "TIMEOUT", 600.0)  # for slow machines


@pytest.fixture
def run(tmp_path):
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


def open_client(folder):
    """Return a client of the store in a run folder, without warnings of MLflow's imports."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow import MlflowClient

        return MlflowClient(f"sqlite:///{folder}/mlflow.db")


def searches_in(folder):
    """Return the searches in the store of a run folder, each with its trials."""
    mlflow = open_client(folder)
    found = mlflow.search_runs([mlflow.get_experiment_by_name("autotl").experiment_id])
    children = {}
    for each in found:
        children.setdefault(each.data.tags.get("mlflow.parentRunId"), []).append(each)
    return [(each, children.get(each.info.run_id, [])) for each in children[None]]


def test_it_is_loaded_and_can_be_excluded():
    assert plugins.load().manager.has_plugin("mlflow")
    assert not plugins.load(without=["mlflow"]).manager.has_plugin("mlflow")


def test_the_process_of_the_search_loads_neither_mlflow_nor_torch():
    heavy = "print([name for name in ('mlflow', 'torch') if name in sys.modules])"
    code = f"import autotl_mlflow.observer, sys; {heavy}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_without_variables_the_store_is_in_the_run_folder_also_if_it_is_moved(run, tmp_path):
    (run / "report.html").write_text("")
    run_hooks(run, trial(0, 0.5), report={})
    assert list((tmp_path / "here").iterdir()) == []
    assert {each.name for each in tmp_path.iterdir()} == {"here", "run"}
    ((found, trials),) = searches_in(run)
    assert len(trials) == 1
    assert (run / "mlartifacts" / found.info.run_id / "artifacts" / "report.html").is_file()
    moved = run.rename(tmp_path / "moved")
    run_hooks(moved, earlier=[trial(0, 0.5)], report={})
    ((again, trials),) = searches_in(moved)
    assert (len(trials), run.exists()) == (1, False)
    assert again.info.run_id != found.info.run_id
    assert (moved / "mlartifacts" / again.info.run_id / "artifacts" / "report.html").is_file()


def test_an_unreachable_server_gives_one_warning(run, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.warns(RuntimeWarning, match="'mlflow' failed in autotl_search_finished.*127.0.0.1") as caught:
        run_hooks(run, trial(0, 0.5), report={})
    assert len(caught) == 1


def test_an_error_of_the_writer_is_raised_at_the_next_trial(run, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "nonsense://")
    writer = client.WriterClient(run)
    writer.send("start", name="x", params={}, tags={})
    writer._process.wait()
    with pytest.raises(RuntimeError, match="nonsense"):
        writer.send("trial")
    writer.close()


def test_a_killed_search_keeps_its_trials_and_ends(run):
    code = (
        "import os, pathlib, signal\n"
        "from autotl.api import Arm, Plan, Record, TargetKind, TargetSpec, Task\n"
        "from autotl_mlflow import observer\n"
        f"observer.autotl_search_started({PLAN!r}, pathlib.Path({str(run)!r}), [])\n"
        f"observer.autotl_trial_finished({trial(0, 0.5)!r})\n"
        "print(observer._current.get().client._process.pid, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=False)
    wait_for(int(done.stdout))
    ((found, (first,)),) = searches_in(run)
    assert found.info.status == "KILLED"
    assert first.data.metrics["score"] == 0.5


def wait_for(process):
    """Wait until a process has ended that is not a child of this process."""
    for _ in range(6000):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        stat = Path(f"/proc/{process}/stat")
        if stat.is_file() and stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.1)
    pytest.fail("the writer still runs after the search")


def test_a_search_and_its_continuation_are_one_run(tmp_path, monkeypatch):
    monkeypatch.setattr(from_scratch, "DEFAULT_EPOCHS", 2)  # short trainings are enough for this test
    monkeypatch.setattr(from_scratch, "MIN_EPOCHS", 2)
    others = [name for name in ("tensorboard",) if plugins.load().manager.has_plugin(name)]
    data, out = tiny_images(classes=2, each=12), tmp_path / "run"
    autotl.fit(
        data,
        out=out,
        backbone="tiny",
        image_size=32,
        trials=2,
        strategies=["direct", "linear_probe", "from_scratch"],
        without=others,
        experience=False,
        watch=Silence(),
    )
    ((search, trials),) = searches_in(out)
    assert (search.info.status, len(trials)) == ("FINISHED", 2)
    result = autotl.fit(data, out=out, resume=True, trials=4, watch=Silence())
    ((again, trials),) = searches_in(out)
    assert again.info.run_id == search.info.run_id
    assert len(trials) == len(result.report["trials"]) == 4
    assert again.data.metrics["test"] == pytest.approx(result.report["test"]["value"])
    gain = result.report["when"]["transfer_gain"]["value"]
    assert again.data.metrics["transfer_gain"] == pytest.approx(gain)
    assert again.data.tags["mlflow.note.content"] == result.verdict["sentence"]
    files = {each.path for each in open_client(out).list_artifacts(again.info.run_id)}
    assert files == {"report.html", "report.json", "report.md", "trials.csv", "model"} & files
    assert {"report.html", "model"} <= files
    assert list((tmp_path / "here").iterdir()) == []
