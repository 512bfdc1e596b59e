"""Check the types of the arguments that a user gives, before any work is done with them."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from autotl.errors import ArgumentError

MOST_PIXELS = 4096
"""The largest image size: activations of a larger one fit into no memory."""
MOST_WORKERS = 1024
_LONGEST_NAME, _LONGEST_PATH = 255, 4000  # bytes: what file systems take
_SHOWN = 80


@dataclass(frozen=True, slots=True)
class _Rule:
    """A requirement on an argument: its description, and the test of a value."""

    words: str
    holds: Callable[[Any], bool]

    def __or__(self, other: _Rule) -> _Rule:
        return _Rule(f"{self.words} or {other.words}", lambda value: self.holds(value) or other.holds(value))


def check_arguments(given: Mapping[str, Any]) -> None:
    """Raise ArgumentError for the first argument that has a type, or a size, which it cannot have."""
    for name, value in given.items():
        rule = RULES.get(name)
        if rule is not None and not rule.holds(value):
            raise ArgumentError(f"{name} must be {rule.words}, not {_shown(value)}.")


def _whole(least: int | None = None, most: int | None = None) -> _Rule:
    words = "a whole number"
    if least is not None:
        words += f" from {least} to {most}"
    elif most is not None:
        words += f" of at most {most}"

    def holds(value: Any) -> bool:
        if not isinstance(value, Integral) or isinstance(value, bool):
            return False
        whole = int(value)
        return (least is None or whole >= least) and (most is None or whole <= most)

    return _Rule(words, holds)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_path(value: Any) -> bool:
    if not isinstance(value, str | Path):
        return False
    try:
        name = os.fspath(value).encode()
    except UnicodeEncodeError:
        return False
    parts = name.replace(b"\\", b"/").split(b"/")
    return b"\0" not in name and len(name) <= _LONGEST_PATH and max(map(len, parts)) <= _LONGEST_NAME


def _is_names(value: Any) -> bool:
    if isinstance(value, str | Path):
        return True
    if isinstance(value, Collection):
        return all(isinstance(each, str | Path) for each in value)
    return isinstance(value, Iterable)


def _shown(value: Any) -> str:
    text = repr(value)
    text = text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]}…{text[-_SHOWN // 4 :]}"
    return text if value is None else f"{text} ({type(value).__name__})"


_NONE = _Rule("None", lambda value: value is None)
_NAME = _Rule("a name", lambda value: isinstance(value, str))
_YES_NO = _Rule("True or False", lambda value: type(value).__name__ in ("bool", "bool_"))
_NAMES = _Rule("a name or a list of names", _is_names)
_PATH = _Rule(f"a path in UTF-8 whose names have at most {_LONGEST_NAME} bytes", _is_path)
_SIZE = _Rule("a size such as '2GiB'", lambda value: isinstance(value, str)) | _whole()

RULES: Mapping[str, _Rule] = {
    "run": _PATH,
    "preset": _NAME,
    "out": _PATH | _NONE,
    "backbone": _NAMES,
    "budget": _Rule(
        "a time such as '90s', a number of seconds", lambda value: isinstance(value, str) or _is_number(value)
    )
    | _NONE,
    "trials": _whole() | _NONE,
    "strategies": _NAMES,
    "without": _NAMES,
    "metric": _Rule("a name or a function", lambda value: isinstance(value, str) or callable(value)),
    "image_size": _whole(8, MOST_PIXELS) | _NONE,
    "max_latency": _Rule("a time such as '5ms'", lambda value: isinstance(value, str)) | _NONE,
    "max_size": _SIZE | _NONE,
    "test": _Rule("a number such as 0.2", _is_number),
    "image": _NAME | _NONE,
    "label": _NAME | _NONE,
    "group": _NAME | _NONE,
    "device": _NAME,
    "executor": _NAME,
    "workers": _whole(most=MOST_WORKERS),
    "storage": _NAME | _NONE,
    "processes": _whole(most=MOST_WORKERS),
    "cache": _SIZE | _NONE,
    "clean": _NAME,
    "reweight": _YES_NO,
    "all_backbones": _YES_NO | _NONE,
    "experience": _YES_NO,
    "curves": _YES_NO | _NONE,
    "ensemble": _YES_NO,
    "seed": _whole(0, 2**32 - 1),
    "resume": _YES_NO,
}
"""The rules of the arguments of ``fit``, ``resume`` and ``analyze``, as far as types and sizes go."""
