"""Optuna's own functions, and so its dashboard, read useful names from the studies of a run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import optuna
import pytest
from optuna.trial import TrialState
from sqlalchemy.pool import NullPool

from autotl.api import Arm
from autotl.search.studies.open_study import open_study
from autotl.search.studies.optuna_storage import close_storage, open_storage
from tests.support.journalled_search import JournalledSearch


def stored(folder: Path) -> optuna.storages.RDBStorage:
    """Open a storage by its URL, as dashboards do."""
    url = f"sqlite:///{folder / 'study.db'}"
    return optuna.storages.RDBStorage(url, engine_kwargs={"poolclass": NullPool})


def read(folder: Path, name: str) -> optuna.Study:
    return optuna.load_study(study_name=name, storage=stored(folder))


def test_studies_have_names_a_metric_and_facts(fakes: ModuleType, tmp_path: Path) -> None:
    search = JournalledSearch(fakes, [fakes.Fake("a"), fakes.Fake("b")], 6, tmp_path)
    search.work.fails = lambda job: "no memory" if job.number == 3 else ""
    search.run()
    assert optuna.get_all_study_names(stored(tmp_path)) == ["a · net", "b · net"]
    study = read(tmp_path, "a · net")
    assert study.metric_names == ["accuracy"]
    every = [*study.trials, *read(tmp_path, "b · net").trials]
    trials = {each.user_attrs["autotl: number"]: each for each in every}
    for record in search.history.records():
        found = trials[record.number]
        assert found.params.keys() == {f"{record.arm.strategy}.x"}
        assert found.user_attrs.get("state", "complete") == record.state
        assert found.user_attrs["seconds"] > 0
        if record.state == "complete":
            assert found.value == pytest.approx(record.score)
            first = search.history.trials[record.number].folds[0].score
            assert found.user_attrs["score by fold"]["0"] == first
            assert "reason" not in found.user_attrs
    assert trials[3].state == TrialState.FAIL
    assert trials[3].user_attrs["reason"] == "no memory"


def test_the_name_of_a_negated_metric_says_so(fakes: ModuleType) -> None:
    storage = open_storage(None)
    study = open_study(Arm("a", "net"), replace(fakes.TASK, metric="log_loss"), storage)
    assert study.metric_names == ["neg_log_loss"]
    custom = open_study(Arm("b", "net"), replace(fakes.TASK, metric="my_score"), storage)
    assert custom.metric_names == ["my_score"]


def test_a_study_of_an_earlier_version_is_continued(fakes: ModuleType, tmp_path: Path) -> None:
    search = JournalledSearch(fakes, [fakes.Fake("a")], 2, tmp_path)
    search.run()
    before = search.found()
    (tmp_path / "study.db").unlink()
    storage = open_storage(tmp_path / "study.db")
    old = optuna.create_study(study_name="a · net", storage=storage, direction="maximize")
    old.add_trial(
        optuna.trial.create_trial(
            value=search.history.records()[0].score,
            params={"a.x": 0.5},
            distributions={"a.x": optuna.distributions.FloatDistribution(0.0, 1.0)},
            user_attrs={"autotl: number": 0, "autotl: dealt": 0, "params": {"x": 0.5}},
        )
    )
    close_storage(storage)
    again = JournalledSearch(fakes, [fakes.Fake("a")], 4, tmp_path)
    again.run()
    assert again.found()[:1] == before[:1]
    study = read(tmp_path, "a · net")
    assert study.metric_names == ["accuracy"]
    assert sorted(each.user_attrs["autotl: number"] for each in study.trials) == [0, 1, 2, 3]
