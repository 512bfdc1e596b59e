"""Make a strategy of a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any

from autotl.api import ROLES, Beat, Params, Score, Workbench
from autotl.errors import TrainingError
from autotl.toolbox.declared import FIRST_VERSION, TARGET_WORDS, DeclaredStrategy, settings_of

Steps = Generator[Beat | Score, None, None]

ATTRIBUTES = ("additional", "counterpart", "targets")
"""Attributes of :class:`DeclaredStrategy` that are given among the settings."""


def strategy(
    *,
    reference: str,
    trained: float = 1.0,
    baseline: bool = False,
    deterministic: bool = False,
    reads_weights: bool = True,
    on_request: bool = False,
    api: int = FIRST_VERSION,
    **settings: Any,
) -> Callable[[Callable[..., Steps]], FunctionStrategy]:
    """Return a decorator that makes a strategy of a generator function.

    The function gets the workbench, and each setting by its name. It yields ``bench.beat()`` and
    ``bench.score(…)``. Its name is that of the strategy, and the first line of its docstring the summary.

    ``additional``, ``counterpart`` and ``targets`` are given like settings; see :class:`DeclaredStrategy`.

    >>> @strategy(api=2, reference="Kornblith et al., 2019", trained=0.0, c=Float(0.02, 1e-4, 10, log=True))
    ... def probe(bench, *, c):
    ...     "Fit a linear classifier."
    ...     size = bench.backbone.input_size
    ...     ((weight, bias),) = bench.linear_heads([HeadSetting(c)], input_size=size)
    ...     yield bench.score_head(weight, bias, input_size=size)

    Args:
        reference: The paper or documentation that the strategy implements.
        trained: Share of the arithmetic that is trained, in [0, 1]; 0 if only a head is fitted.
        baseline: Whether nothing is transferred.
        deterministic: Whether all seeds give the same network.
        reads_weights: Whether rows count by ``bench.weights()``.
        on_request: Whether the strategy runs only if it is named.
        api: The version of the plugin API that the strategy is written for. Give a number, such as 2: with
            ``autotl.api.VERSION`` it would be that of the installed autotl.
        settings: The settings, by the names of the function's keyword arguments. Further attributes of the
            strategy may be among them.

    Raises:
        TrainingError: The function does not take these settings, or a setting is not declared.
    """
    attributes = _attributes(settings)
    declared = settings_of({name: each for name, each in settings.items() if name not in attributes})

    def decorate(function: Callable[..., Steps]) -> FunctionStrategy:
        taken = {
            name
            for name, each in inspect.signature(function).parameters.items()
            if each.kind is inspect.Parameter.KEYWORD_ONLY
        }
        if taken != declared.keys():
            raise TrainingError(
                f"{function.__name__} must take its settings as keyword-only arguments (got "
                f"{', '.join(sorted(taken)) or 'none'}; {', '.join(sorted(declared)) or 'none'} declared)."
            )
        made = FunctionStrategy(function)
        made.name = function.__name__
        made.summary = (inspect.getdoc(function) or "").partition("\n")[0].rstrip(".")
        made.reference, made.trained, made.baseline = reference, trained, baseline
        made.deterministic, made.reads_weights, made.settings = deterministic, reads_weights, declared
        made.on_request, made.api = on_request, api
        for name, value in attributes.items():
            setattr(made, name, value)
        return made

    return decorate


def _attributes(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes among settings. Raises TrainingError for a value that cannot be used."""
    found = {
        name: given[name] for name in ATTRIBUTES if name in given and not hasattr(given[name], "default_for")
    }
    if not isinstance(found.get("counterpart", ""), str):
        raise TrainingError(f"counterpart must be the name of a strategy (got {found['counterpart']!r}).")
    for name, known in (("additional", (*ROLES,)), ("targets", (*TARGET_WORDS,))):
        values = found.get(name, ())
        if not isinstance(values, tuple | list) or not {*values}.issubset(known):
            raise TrainingError(f"{name} must be a tuple of {', '.join(known)} (got {values!r}).")
        if name in found:
            found[name] = tuple(values)
    return found


class FunctionStrategy(DeclaredStrategy):
    """A strategy made of a function; see :func:`strategy`."""

    def __init__(self, function: Callable[..., Steps]) -> None:
        self.function = function
        self.__doc__ = function.__doc__

    def build(self, params: Params, bench: Workbench) -> _FunctionLearner:
        """See :class:`autotl.api.Strategy`."""
        self.check(params)
        return _FunctionLearner(self.function, params, bench)

    def __reduce__(self) -> tuple[Any, ...]:
        # the module's name is bound to the strategy, so that other processes find it there
        return _by_name, (self.function.__module__, self.function.__qualname__)


@dataclass(frozen=True, slots=True)
class _FunctionLearner:
    function: Callable[..., Steps]
    params: Params
    bench: Workbench

    def fit(self) -> Steps:
        yield from self.function(self.bench, **self.params)


def _by_name(module: str, name: str) -> Any:
    found: Any = __import__(module, fromlist=["_"])
    for part in name.split("."):
        found = getattr(found, part)
    return found
