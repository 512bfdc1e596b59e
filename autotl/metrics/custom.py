"""Find a metric by its name, or make one of a user's function."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autotl.errors import FAILURES, MetricError, UnknownName, described
from autotl.metrics.builtin import METRICS
from autotl.metrics.metric import Floats, Labels, Logits, Metric
from autotl.metrics.softmax import softmax

OwnMetric = Callable[[Labels, Floats], float]
"""Labels (n,) and probabilities (n, classes) to a number, the higher the better."""


def metric(named: str | OwnMetric | Metric) -> Metric:
    """The metric of this name; a function of the user's own, or its ``"package.module:function"``, as one.

    Raises UnknownName, and MetricError for what cannot be imported or called.
    """
    if isinstance(named, Metric):
        return named
    if isinstance(named, str):
        if named in METRICS:
            return METRICS[named]
        if ":" not in named:
            raise UnknownName("metric", named, [*METRICS, "package.module:function"])
        return _of_function(_imported(named), named)
    if not callable(named):
        raise MetricError(
            f"The metric is a {type(named).__name__}. Give a name ({', '.join(METRICS)}) or a function of "
            "labels (n,) and probabilities (n, classes)."
        )
    return _of_function(named, reference(named))


def check_metric(measure: Metric, classes: int) -> None:
    """Call a user's function once, on made-up probabilities of so many classes, before anything is computed.

    Raises MetricError with what was wrong.
    """
    if not measure.own:
        return
    labels = np.arange(max(12, 2 * classes), dtype=np.int64) % classes
    drawn = np.random.default_rng(0).normal(size=(len(labels), classes)).astype(np.float32)
    try:
        measure(labels, drawn)
    except MetricError:
        raise
    except Exception as error:  # a stranger's code
        raise MetricError(
            f"The metric {measure.name} cannot score labels {labels.shape} and probabilities {drawn.shape}: "
            f"{type(error).__name__}: {error}"
        ) from error


def check_defined(measure: Metric, parts: Mapping[str, Labels], classes: int) -> None:
    """Refuse a metric that cannot score the labels of a part, before anything is computed.

    Args:
        measure: The metric.
        parts: The labels of each part, by its name; a user's function is called on them with made-up
            probabilities.
        classes: How many there are.

    Raises:
        MetricError: With the part and what to do.
    """
    for part, labels in parts.items():
        why = measure.undefined_on(labels)
        if measure.own and not why:
            drawn = np.random.default_rng(0).normal(size=(len(labels), classes)).astype(np.float32)
            try:
                measure(labels, drawn)
            except Exception as error:  # a stranger's code
                why = f"{type(error).__name__}: {error}"
        if why:
            lacking = classes - len(np.unique(labels))
            raise MetricError(
                f"The metric {measure.name} is undefined on the {part}, which holds {len(labels)} images of "
                f"{classes - lacking} of {classes} classes: {why}. Add images of the other classes there, or "
                "choose another metric with --metric."
            )


def _of_function(function: Any, called: str | None) -> Metric:
    name = str(getattr(function, "__name__", type(function).__name__))
    if name in METRICS:
        raise MetricError(
            f"The metric function is called {name}, like one that autotl has. Give it another name."
        )

    def score(labels: Labels, logits: Logits) -> float:
        return _number(function, name, labels, softmax(logits.astype(np.float64), axis=1))

    return Metric(name, score, percent=False, bounds=(-np.inf, np.inf), reference=called, own=True)


def _number(function: OwnMetric, name: str, labels: Labels, chances: Floats) -> float:
    try:
        found: Any = function(labels.copy(), chances.copy())  # it may alter its own
    except SystemExit as error:
        raise MetricError(f"The metric {name} ended the program ({described(error)}).") from error
    try:
        number = float(found) if np.ndim(found) == 0 else None
    except (TypeError, ValueError):
        number = None
    if number is None:
        raise MetricError(f"The metric {name} gave a {type(found).__name__}, and one number is due.")
    if not np.isfinite(number):
        raise MetricError(f"The metric {name} gave {number}, and a finite number is due.")
    return number


def _imported(name: str) -> Any:
    """What ``"package.module:function"`` names."""
    module, _, path = name.partition(":")
    try:
        found: Any = importlib.import_module(module)
    except FAILURES as error:  # a stranger's code: a module may raise whatever it likes
        raise MetricError(
            f"The metric {name!r} cannot be imported: {described(error)}. "
            "Give package.module:function, of a module that Python finds."
        ) from error
    for part in path.split("."):
        if not hasattr(found, part):
            raise MetricError(f"The metric {name!r} is not there: {module} has no {path!r}.")
        found = getattr(found, part)
    if not callable(found):
        raise MetricError(f"The metric {name!r} is a {type(found).__name__}, and no function.")
    return found


def reference(function: object) -> str | None:
    """The ``"module:function"`` that names this very object in another process too; None where none does."""
    module, path = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if not module or not path or module == "__main__":
        return None
    try:
        return f"{module}:{path}" if _imported(f"{module}:{path}") is function else None
    except MetricError:
        return None
