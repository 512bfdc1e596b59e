"""Open the study of an arm with names for dashboards."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning

from autotl.api import Arm, Task
from autotl.metrics import METRICS_OF
from autotl.search.studies import attributes
from autotl.search.studies.hyperband import GRACE
from autotl.search.studies.samplers import STARTUP
from autotl.trials.trial import Trial


def open_study(arm: Arm, task: Task, storage: optuna.storages.BaseStorage) -> optuna.Study:
    """Open or make the study of an arm, and name its metric.

    Args:
        arm: The arm, which gives the study its name.
        task: The task of the arm, with the metric.
        storage: The storage of the study.
    """
    study = optuna.create_study(
        study_name=str(arm),
        storage=storage,
        direction="maximize",
        load_if_exists=True,
        sampler=optuna.samplers.RandomSampler(),  # each trial replaces it
        # not Hyperband itself: TPE would then learn from the trials of one bracket only
        pruner=optuna.pruners.MedianPruner(n_startup_trials=STARTUP, n_warmup_steps=GRACE),
    )
    metric = _score_name(task)
    if study.metric_names != [metric]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            study.set_metric_names([metric])
    return study


def facts_of(trial: Trial) -> Mapping[str, Any]:
    """Return the user attributes of a trial whose first job has ended.

    They are the score of each fold and the seconds. A trial that is not complete also has its state, and the
    reason if it is known.
    """
    found: dict[str, Any] = {
        attributes.FOLD_SCORES: {str(each.fold): each.score for each in trial.folds.values()},
        attributes.SECONDS: round(trial.seconds, 3),
    }
    # each attribute takes two milliseconds
    found |= {attributes.STATE: trial.state} if trial.state != "complete" else {}
    return found | ({attributes.REASON: trial.why} if trial.why else {})


def _score_name(task: Task) -> str:
    """Return the name of the score that a study maximises.

    A metric that is better if lower is negated, and has ``neg_`` in front as in scikit-learn.
    """
    metric = METRICS_OF[task.target.kind].get(task.metric)
    return task.metric if metric is None or metric.higher_is_better else f"neg_{task.metric}"
