"""Measure how much each setting of an arm explains its scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from autotl.api import Arm, Record
from autotl.seeds import derive

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

MIN_TRIALS = 12
"""Fewest scored trials of an arm: with fewer, the forest splits at chance differences."""
MAX_TRIALS, MAX_SETTINGS, TREES = 200, 12, 32
"""Bounds of the time, which stays below some seconds: the last trials, settings and trees of the forest."""
LOG_RATIO = 10.0
"""Ratio of the largest to the smallest value from which a number is divided by its logarithm."""


def importances(records: Sequence[Record], *, seed: int) -> dict[str, Any] | None:
    """Return the importance of the settings of the most tried arm.

    A random forest divides the variance of the scores among the settings (Hutter et al., An Efficient
    Approach for Assessing Hyperparameter Importance, ICML 2014).

    Args:
        records: The trials of a run.
        seed: Seed of the forest.

    Returns:
        ``strategy``, ``backbone``, the number of ``trials``, and the ``parameters``, each with its ``name``
        and its ``share``, the largest first. None with too few trials, or if the scores do not differ.
    """
    of_arm: dict[Arm, list[Record]] = defaultdict(list)
    for record in records:
        if record.score is not None and record.state == "complete" and not record.look:
            of_arm[record.arm].append(record)
    arm = max(of_arm, key=lambda each: len(of_arm[each]), default=None)
    if arm is None or len(of_arm[arm]) < MIN_TRIALS:
        return None
    trials = of_arm[arm][-MAX_TRIALS:]
    settings = _varied([record.params for record in trials])
    if not settings or len({record.score for record in trials}) < 2:
        return None
    shares = _shares(trials, settings, seed=derive(seed, "importance"))
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    return {
        "strategy": arm.strategy,
        "backbone": arm.backbone,
        "trials": len(trials),
        "parameters": [{"name": name, "share": float(share)} for name, share in ordered],
    }


def _varied(settings: Sequence[Mapping[str, Any]]) -> dict[str, BaseDistribution]:
    """Return the settings that all trials have and that differ, with their ranges."""
    shared = set(settings[0]).intersection(*settings)
    found = {}
    for name in sorted(shared):
        values = [_plain(each[name]) for each in settings]
        if len({(type(value), value) for value in values}) > 1:
            found[name] = _distribution(values)
    return dict(list(found.items())[:MAX_SETTINGS])


def _plain(value: Any) -> Any:
    """Return a number or a flag as it is, and anything else as text."""
    return value if isinstance(value, bool | int | float) else str(value)


def _distribution(values: Sequence[Any]) -> BaseDistribution:
    """Return the range of the values that occur."""
    from optuna import distributions  # takes a second to import

    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    if len(numbers) < len(values):
        return distributions.CategoricalDistribution(sorted(set(values), key=repr))
    low, high = min(numbers), max(numbers)
    log = low > 0 and high / low >= LOG_RATIO
    if all(isinstance(value, int) for value in numbers):
        return distributions.IntDistribution(int(low), int(high), log=log)
    return distributions.FloatDistribution(float(low), float(high), log=log)


def _shares(
    trials: Sequence[Record], settings: Mapping[str, BaseDistribution], *, seed: int
) -> Mapping[str, float]:
    """Return the importance of each setting; empty if the forest finds no variance."""
    import optuna
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)  # a new study is announced on standard error
    try:
        study = optuna.create_study(direction="maximize")
        study.add_trials(
            [
                optuna.trial.create_trial(
                    params={name: _plain(record.params[name]) for name in settings},
                    distributions=dict(settings),
                    value=record.score,
                )
                for record in trials
            ]
        )
        return get_param_importances(
            study, evaluator=FanovaImportanceEvaluator(n_trees=TREES, seed=seed % 2**32)
        )
    except RuntimeError:  # a forest whose trees all predict one score
        return {}
    finally:
        optuna.logging.set_verbosity(before)
