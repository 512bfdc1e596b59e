"""Find a metric by name, or make one from a user's function."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autotl.api import Target
from autotl.errors import FAILURES, MetricError, UnknownName, described
from autotl.metrics.builtin import METRICS
from autotl.metrics.metric import Floats, Labels, Logits, Metric
from autotl.metrics.softmax import softmax

MetricFunction = Callable[[Labels, Floats], float]
"""A user's metric: labels (n,) and probabilities (n, classes) to a number; higher is better."""

MIN_CHECKED_IMAGES = 12
"""Fewest made-up images on which a user's function is checked."""


def get_metric(metric: str | MetricFunction | Metric) -> Metric:
    """Return a metric, given its name, a function or ``"package.module:function"``.

    Raises:
        UnknownName: No built-in metric has this name.
        MetricError: The function cannot be imported or called.
    """
    if isinstance(metric, Metric):
        return metric
    if isinstance(metric, str):
        if metric in METRICS:
            return METRICS[metric]
        if ":" not in metric:
            raise UnknownName("metric", metric, [*METRICS, "package.module:function"])
        return _from_function(_import(metric), metric)
    if not callable(metric):
        raise MetricError(
            f"metric must be a name or a function (got a {type(metric).__name__}). Give one of "
            f"{', '.join(METRICS)}, or a function of labels (n,) and probabilities (n, classes)."
        )
    return _from_function(metric, import_reference(metric))


def check_metric(metric: Metric, target: Target) -> None:
    """Check that a metric can score a kind of target.

    A user's function is called once on made-up predictions.

    Raises:
        MetricError: It cannot, or the function fails.
    """
    if target.spec.kind not in metric.kinds:
        raise MetricError(
            f"The metric {metric.name} scores {', '.join(sorted(metric.kinds))} targets (got "
            f"{target.spec.kind}). Choose another metric with --metric."
        )
    if not metric.custom:
        return
    labels, logits = target.example(max(MIN_CHECKED_IMAGES, 2 * target.spec.outputs), seed=0)
    try:
        metric(labels, logits)
    except MetricError:
        raise
    except Exception as error:  # a user's function can raise anything
        raise MetricError(
            f"The metric {metric.name!r} cannot score labels {labels.shape} and probabilities "
            f"{logits.shape}: {type(error).__name__}: {error}"
        ) from error


def check_defined(metric: Metric, parts: Mapping[str, Labels], target: Target) -> None:
    """Check that a metric can score the labels of each part.

    Args:
        metric: The metric. A user's function is called on made-up predictions.
        parts: The encoded targets of each part, (n,), by the part's name.
        target: The kind of target.

    Raises:
        MetricError: The metric is undefined on a part.
    """
    for part, labels in parts.items():
        why = metric.why_undefined(labels)
        if metric.custom and not why:
            try:
                metric(labels, target.example(len(labels), seed=0)[1])
            except Exception as error:  # a user's function can raise anything
                why = f"{type(error).__name__}: {error}"
        if why:
            raise MetricError(
                f"The metric {metric.name} is undefined on the {part}, which holds {len(labels)} images of "
                f"{len(np.unique(labels))} of {target.spec.outputs} classes: {why}. Add images of the other "
                "classes there, or choose another metric with --metric."
            )


def _from_function(function: Any, reference: str | None) -> Metric:
    name = str(getattr(function, "__name__", type(function).__name__))
    if name in METRICS:
        raise MetricError(
            f"The metric function must not have the name of a built-in metric (got {name}). "
            "Give it another name."
        )

    def score(labels: Labels, logits: Logits) -> float:
        return _call(function, name, labels, softmax(logits.astype(np.float64), axis=1))

    return Metric(name, score, percent=False, bounds=(-np.inf, np.inf), reference=reference, custom=True)


def _call(function: MetricFunction, name: str, labels: Labels, probabilities: Floats) -> float:
    """Call a user's function on copies. Raises MetricError if it returns no finite number."""
    try:
        returned: Any = function(labels.copy(), probabilities.copy())
    except SystemExit as error:
        raise MetricError(f"The metric {name} ended the program ({described(error)}).") from error
    try:
        number = float(returned) if np.ndim(returned) == 0 else None
    except (TypeError, ValueError):
        number = None
    if number is None:
        raise MetricError(f"Metric {name!r} returned a {type(returned).__name__}; it must return one number.")
    if not np.isfinite(number):
        raise MetricError(f"Metric {name!r} returned {number}; it must return a finite number.")
    return number


def _import(name: str) -> Any:
    """Import ``"package.module:function"``."""
    module, _, path = name.partition(":")
    try:
        found: Any = importlib.import_module(module)
    except FAILURES as error:  # a user's module can raise anything
        raise MetricError(
            f"The metric {name!r} cannot be imported: {described(error)}. "
            "Give package.module:function, of a module that Python can import."
        ) from error
    for part in path.split("."):
        if not hasattr(found, part):
            raise MetricError(
                f"The metric {name!r} does not exist: {module} has no {path!r}. "
                "Give package.module:function, with a function of that module."
            )
        found = getattr(found, part)
    if not callable(found):
        raise MetricError(
            f"The metric {name!r} must be a function (got a {type(found).__name__}). Give another name."
        )
    return found


def import_reference(function: object) -> str | None:
    """Return the ``"module:function"`` that imports this object; None if none does."""
    module, path = getattr(function, "__module__", None), getattr(function, "__qualname__", None)
    if not module or not path or module == "__main__":
        return None
    try:
        return f"{module}:{path}" if _import(f"{module}:{path}") is function else None
    except MetricError:
        return None
