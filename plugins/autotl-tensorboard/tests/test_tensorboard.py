import dataclasses
import re
import subprocess
import sys
import tempfile
import threading
from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace

import pytest
from autotl_tensorboard import observer
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import api_pb2, metadata

import autotl
from autotl import plugins
from autotl.api import Arm, Plan, Record
from autotl.builtin.strategies.baselines import from_scratch
from autotl.terminal import Silence
from autotl.testing import tiny_images, tiny_task

ARM = Arm("linear_probe", "tiny")
SKIPPED = {Arm("direct", "tiny"): "it knows none | few of the classes"}
PLAN = Plan(tiny_task({"a": 3, "b": 4}), (ARM,), SKIPPED, 60.0, None, 3)
REPORT = {
    "verdict": {
        "transfer": "helps",
        "strategy": "linear_probe",
        "backbone": "tiny",
        "sentence": "Transfer helps.",
    },
    "when": {"transfer_gain": {"value": 0.125, "ci95": [0.0625, 0.25]}},
    "how": {"params": {"C": 0.5}},
    "test": {"metric": "accuracy", "value": 0.75, "ci95": [0.5, 0.875]},
    "search": {"trials": 3},
    "cost": {"seconds": 12.5},
}


def trial(number, score, *, state="complete", folds=1, default=False, why="", **params):
    return Record(number, ARM, params or {"C": 0.5}, default, state, score, folds, 3, 0.25, 1.0, why)


def load_plugin():
    """Return a catalog with only this plugin."""
    return plugins.load([point for point in entry_points(group=plugins.GROUP) if point.name == "tensorboard"])


def run_hooks(*records, earlier=(), report=REPORT, folder=None):
    """Call the hooks of a search, by default in a new run folder."""
    catalog = load_plugin()
    folder = folder or Path(tempfile.mkdtemp(dir="."))
    catalog.notify("search_started", plan=PLAN, folder=folder, records=earlier)
    for record in records:
        catalog.notify("trial_finished", record=record)
    if report is not None:
        catalog.notify("search_finished", result=SimpleNamespace(folder=folder, report=report))
    catalog.notify("search_ended")


@pytest.fixture
def root(monkeypatch, tmp_path):
    monkeypatch.setenv(observer.VARIABLE, str(tmp_path / "board"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "board"


def read(folder):
    found = EventAccumulator(str(folder))
    found.Reload()
    return found


def scalars(folder, tag):
    return [(event.step, event.value) for event in read(folder).Scalars(tag)]


def text(folder, tag):
    (event,) = read(folder).Tensors(tag)
    (content,) = event.tensor_proto.string_val
    return content.decode()


def session(folder):
    """Return settings and status of a run on the HParams page."""
    content = read(folder).summary_metadata
    start = content[metadata.SESSION_START_INFO_TAG].plugin_data.content
    end = content[metadata.SESSION_END_INFO_TAG].plugin_data.content
    settings = metadata.parse_session_start_info_plugin_data(start).hparams
    values = {name: getattr(value, value.WhichOneof("kind")) for name, value in settings.items()}
    return values, metadata.parse_session_end_info_plugin_data(end).status


def test_it_is_loaded_and_can_be_excluded():
    assert plugins.load().manager.has_plugin("tensorboard")
    assert not plugins.load(without=["tensorboard"]).manager.has_plugin("tensorboard")


def test_listing_plugins_does_not_load_tensorboard():
    heavy = "print([name for name in ('tensorboard', 'torch') if name in sys.modules])"
    code = f"import autotl_tensorboard.observer, sys; {heavy}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_run_is_named_by_the_time_and_the_data(root):
    run_hooks(report=None)
    (run,) = root.iterdir()
    assert re.fullmatch(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_2-classes_7-images_tiny", run.name)
    assert "| skipped: direct · tiny | it knows none \\| few of the classes |" in text(run, "plan")


def test_each_trial_is_a_step_of_the_search(root):
    run_hooks(trial(0, 0.5, default=True), trial(1, 0.25), trial(2, None, state="failed", why="no memory"))
    (run,) = root.iterdir()
    assert scalars(run, "trial/score") == [(1, 0.5), (2, 0.25)]
    assert scalars(run, "best_score") == [(1, 0.5), (2, 0.5), (3, 0.5)]
    assert scalars(run, "trial/seconds") == [(1, 0.25), (2, 0.25), (3, 0.25)]


def test_each_trial_is_a_row_of_the_hparams_page(root):
    run_hooks(
        trial(0, 0.5, default=True, C=0.5, augment="flip", frozen=True),
        trial(1, None, state="failed", why="x"),
    )
    (run,) = root.iterdir()
    settings, status = session(run / "000_linear_probe_tiny")
    assert status == api_pb2.STATUS_SUCCESS
    assert settings == {
        "C": 0.5,
        "augment": "flip",
        "frozen": True,
        "strategy": "linear_probe",
        "backbone": "tiny",
        "default": True,
    }
    assert scalars(run / "000_linear_probe_tiny", "score") == [(1, 0.5)]
    assert session(run / "001_linear_probe_tiny")[1] == api_pb2.STATUS_FAILURE
    assert "| reason | x |" in text(run / "001_linear_probe_tiny", "trial")


def test_a_trial_with_more_folds_stays_one_run(root):
    run_hooks(trial(0, 0.75), trial(1, 0.5), trial(0, 0.25, folds=3))
    (run,) = root.iterdir()
    assert scalars(run / "000_linear_probe_tiny", "score") == [(1, 0.75), (3, 0.25)]
    assert scalars(run, "best_score") == [(1, 0.75), (2, 0.75), (3, 0.5)], (
        "more folds can lower the best score"
    )


def test_the_end_writes_the_verdict_and_the_winner(root):
    run_hooks(trial(0, 0.5))
    (run,) = root.iterdir()
    verdict = text(run, "verdict")
    assert verdict.startswith("Transfer helps.\n\n| | |\n|---|---|\n| verdict | helps |")
    assert "| test accuracy | 0.750 (95 % interval 0.500 to 0.875) |" in verdict
    assert "| transfer gain | 0.125 (95 % interval 0.062 to 0.250) |" in verdict
    assert "| cost | 3 trials in 12.5 seconds |" in verdict
    assert session(run / "winner")[0] == {"C": 0.5, "strategy": "linear_probe", "backbone": "tiny"}
    shown = {tag: scalars(run / "winner", tag)[0][1] for tag in read(run / "winner").Tags()["scalars"]}
    assert shown == {
        "test/value": 0.75,
        "test/low": 0.5,
        "test/high": 0.875,
        "transfer_gain/value": 0.125,
        "transfer_gain/low": 0.0625,
        "transfer_gain/high": 0.25,
        "seconds": 12.5,
    }


@pytest.mark.parametrize("report", [{}, dict.fromkeys(REPORT), {**REPORT, "when": {"transfer_gain": None}}])
def test_unmeasured_values_are_skipped(root, report):
    run_hooks(trial(0, 0.5), report=report)
    (run,) = root.iterdir()
    assert "| transfer gain | not measured |" in text(run, "verdict")
    assert "transfer_gain/value" not in read(run / "winner").Tags()["scalars"]


def test_a_killed_search_leaves_all_events(root):
    run_hooks(trial(0, 0.5), report=None)
    (run,) = root.iterdir()
    assert scalars(run, "trial/score") == [(1, 0.5)]
    assert scalars(run / "000_linear_probe_tiny", "score") == [(1, 0.5)]


def test_two_searches_within_a_second_are_two_runs(root):
    run_hooks(trial(0, 0.5))
    run_hooks(trial(0, 0.25))
    scores = [scalars(run, "trial/score") for run in sorted(root.iterdir())]
    assert sorted(scores) == [[(1, 0.25)], [(1, 0.5)]]


def test_parallel_searches_do_not_mix(root):
    catalog = load_plugin()
    catalog.notify("search_started", plan=PLAN, folder=Path(tempfile.mkdtemp(dir=".")), records=[])
    other = threading.Thread(target=run_hooks, args=(trial(0, 0.25),))
    other.start()
    other.join()
    catalog.notify("trial_finished", record=trial(0, 0.5))
    assert sorted(scalars(run, "trial/score") for run in root.iterdir()) == [[(1, 0.25)], [(1, 0.5)]]


def test_names_are_converted_to_valid_folder_names(root):
    arm = Arm("linear_probe", "models/a b:c\udc80")
    run_hooks(dataclasses.replace(trial(0, 0.5), arm=arm))
    (run,) = root.iterdir()
    assert session(run / "000_linear_probe_a-b-c-")[0]["backbone"] == "models/a b:c?"


def test_a_folder_that_cannot_be_created_does_not_end_the_search(monkeypatch, tmp_path, root):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(observer.VARIABLE, str(tmp_path / "file"))
    with pytest.warns(RuntimeWarning, match="'tensorboard' failed in autotl_search_started"):
        run_hooks(trial(0, 0.5))


def test_without_the_variable_nothing_is_written_outside_the_run_folder(monkeypatch, tmp_path):
    monkeypatch.delenv(observer.VARIABLE, raising=False)
    (tmp_path / "here").mkdir()
    (tmp_path / "run").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    run_hooks(trial(0, 0.5), folder=tmp_path / "run")
    assert list((tmp_path / "here").iterdir()) == []
    assert [each.name for each in (tmp_path / "run").iterdir()] == ["tensorboard"]
    assert scalars(tmp_path / "run" / "tensorboard", "best_score") == [(1, 0.5)]


@pytest.mark.parametrize("variable", [True, False])
def test_a_resumed_search_continues_in_its_folder_without_repeated_trials(
    root, tmp_path, monkeypatch, variable
):
    run = tmp_path / "run"
    run.mkdir()
    if not variable:
        monkeypatch.delenv(observer.VARIABLE)
    run_hooks(trial(0, 0.5), trial(1, 0.25), report=None, folder=run)
    monkeypatch.delenv(observer.VARIABLE, raising=False)
    (shown,) = root.iterdir() if variable else (run / "tensorboard",)
    for incomplete in shown.rglob("events.*"):
        with incomplete.open("ab") as file:
            file.write(b"half a rec")
    earlier = [trial(0, 0.5), trial(1, 0.75, folds=3), trial(2, 0.625)]
    run_hooks(trial(3, 0.5), earlier=earlier, folder=run)
    assert scalars(shown, "trial/score") == [(1, 0.5), (2, 0.25), (3, 0.75), (4, 0.625), (5, 0.5)]
    assert scalars(shown, "best_score")[-1] == (5, 0.75)
    assert scalars(shown / "001_linear_probe_tiny", "score") == [(1, 0.25), (3, 0.75)]
    assert scalars(shown / "002_linear_probe_tiny", "score") == [(1, 0.625)]
    assert scalars(shown / "winner", "test/value") == [(5, 0.75)]


def test_a_changed_variable_starts_a_new_folder_with_all_trials(root, tmp_path, monkeypatch):
    run = tmp_path / "run"
    run.mkdir()
    run_hooks(trial(0, 0.5), report=None, folder=run)
    monkeypatch.setenv(observer.VARIABLE, str(tmp_path / "other"))
    run_hooks(trial(1, 0.25), earlier=[trial(0, 0.5)], folder=run)
    (shown,) = (tmp_path / "other").iterdir()
    assert scalars(shown, "trial/score") == [(1, 0.5), (2, 0.25)]


def test_a_real_search_and_its_continuation_are_shown(tmp_path, monkeypatch):
    monkeypatch.delenv(observer.VARIABLE, raising=False)
    monkeypatch.setattr(from_scratch, "DEFAULT_EPOCHS", 2)  # short trainings are enough for this test
    monkeypatch.setattr(from_scratch, "MIN_EPOCHS", 2)
    data, out = tiny_images(classes=2, each=12), tmp_path / "run"
    autotl.fit(
        data,
        out=out,
        backbone="tiny",
        image_size=32,
        trials=2,
        strategies=["direct", "linear_probe", "from_scratch"],
        experience=False,
        without=["mlflow"] if plugins.load().manager.has_plugin("mlflow") else (),
        watch=Silence(),
    )
    result = autotl.fit(data, out=out, resume=True, trials=4, watch=Silence())
    shown = out / "tensorboard"
    trials = sorted(folder.name for folder in shown.iterdir() if folder.name[0].isdigit())
    assert len(trials) == len(result.report["trials"]) == 4
    steps = [step for step, _ in scalars(shown, "trial/seconds")]
    assert steps == sorted(set(steps))
    assert scalars(shown / "winner_2", "test/value")[-1][1] == pytest.approx(result.report["test"]["value"])
    verdict = read(shown).Tensors("verdict")[-1].tensor_proto.string_val[0].decode()
    assert result.verdict["sentence"] in verdict
    gain = result.report["when"]["transfer_gain"]["value"]
    assert scalars(shown / "winner_2", "transfer_gain/value")[-1][1] == pytest.approx(gain)
