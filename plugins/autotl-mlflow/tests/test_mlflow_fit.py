import warnings

import pytest
from autotl_mlflow import scribe

import autotl
from autotl import plugins
from autotl.terminal import Silence
from autotl.testing import tiny_images


def runs(folder):
    """Of the store in a run folder: its client, the search and its trials, the last first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow import MlflowClient

        client = MlflowClient(f"sqlite:///{folder}/mlflow.db")
        found = client.search_runs([client.get_experiment_by_name("autotl").experiment_id])
    (search,) = [each for each in found if "mlflow.parentRunId" not in each.data.tags]
    return client, search, [each for each in found if each is not search]


def test_a_search_and_its_resumption_are_one_run(tmp_path, monkeypatch):
    for name in ("TRACKING_URI", "EXPERIMENT_NAME", "EXPERIMENT_ID", "RUN_ID"):
        monkeypatch.delenv(f"MLFLOW_{name}", raising=False)
    monkeypatch.setattr(scribe, "PATIENCE", 600.0)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    others = [name for name in ("tensorboard",) if plugins.load().manager.has_plugin(name)]
    data, out = tiny_images(classes=2, each=12), tmp_path / "run"
    autotl.fit(
        data,
        out=out,
        backbone="tiny",
        image_size=32,
        trials=2,
        without=others,
        experience=False,
        watch=Silence(),
    )
    _, search, trials = runs(out)
    assert (search.info.status, len(trials)) == ("FINISHED", 2)
    result = autotl.fit(data, out=out, resume=True, trials=4, watch=Silence())
    client, again, trials = runs(out)
    assert again.info.run_id == search.info.run_id
    assert len(trials) == len(result.report["trials"]) == 4
    assert again.data.metrics["test"] == pytest.approx(result.report["test"]["value"])
    assert again.data.tags["mlflow.note.content"] == result.verdict["sentence"]
    files = {each.path for each in client.list_artifacts(again.info.run_id)}
    assert files == {"report.html", "report.json", "report.md", "trials.csv", "model"} & files
    assert {"report.html", "model"} <= files
    assert list((tmp_path / "here").iterdir()) == []
