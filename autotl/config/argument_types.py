"""Check the types of arguments before any work is done with them."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from numbers import Integral, Real
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from autotl.config.option_facts import Option
from autotl.config.run_config import all_options
from autotl.errors import ArgumentError

_MAX_NAME_BYTES, _MAX_PATH_BYTES = 255, 4000
"""The limits of common file systems."""
_SHOWN = 80
"""Characters of a value in an error."""
_CALL_HINTS: Mapping[str, Any] = {"run": Path, "out": Path | None, "resume": bool}
"""The types of arguments that are not options."""
_NO_OPTION = Option()


def check_arguments(given: Mapping[str, Any]) -> None:
    """Raise ArgumentError for the first argument of a wrong type or size.

    Names that are no arguments of autotl are ignored.
    """
    for name, value in given.items():
        hint, option = _declared(name)
        if not _accepts(hint, value, option):
            raise ArgumentError(f"{name} must be {_words(hint, option)} (got {_shown(value)}).")


def accepts_json(name: str, value: Any) -> bool:
    """Return whether a run file can hold this value of an option.

    Args:
        name: The option.
        value: A value that JSON can express. Objects and functions are null there.
    """
    each = all_options()[name]
    if each.is_list:
        return isinstance(value, list) and all(isinstance(part, str) for part in value)
    kinds = set(simple_types(each.hint))
    if kinds & {Any, Callable}:
        return value is None or isinstance(value, str)
    return _accepts(each.hint, value, each.option)


def json_words(name: str) -> str:
    """Return what an option must be in a run file."""
    each = all_options()[name]
    return "a list of names" if each.is_list else _words(each.hint, each.option)


def simple_types(hint: Any) -> Iterator[Any]:
    """Yield the simple types that a type hint is a union of."""
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        for part in get_args(hint):
            yield from simple_types(part)
    elif origin is Literal:
        yield str
    else:
        yield origin or hint


def _declared(name: str) -> tuple[Any, Option]:
    if name in _CALL_HINTS:
        return _CALL_HINTS[name], _NO_OPTION
    each = all_options().get(name)
    return (Any, _NO_OPTION) if each is None else (each.hint, each.option)


def _accepts(hint: Any, value: Any, option: Option) -> bool:
    return any(_TESTS[kind](value, option) for kind in simple_types(hint))


def _words(hint: Any, option: Option) -> str:
    *most, last = dict.fromkeys(_WORDS[kind](option) for kind in simple_types(hint))
    return f"{', '.join(most)} or {last}" if most else last


def _is_integer(value: Any, option: Option) -> bool:
    if not isinstance(value, Integral) or isinstance(value, bool):
        return False
    low, high = option.bounds
    return (low is None or int(value) >= low) and (high is None or int(value) <= high)


def _integer_words(option: Option) -> str:
    low, high = option.bounds
    unit = f" ({option.unit})" if option.unit else ""
    if low is not None:
        return f"an integer from {low} to {high}{unit}"
    return f"an integer{unit}" if high is None else f"an integer of at most {high}{unit}"


def _is_number(value: Any, option: Option) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_path(value: Any, option: Option) -> bool:
    if not isinstance(value, str | Path):
        return False
    try:
        name = os.fspath(value).encode()
    except UnicodeEncodeError:
        return False
    parts = name.replace(b"\\", b"/").split(b"/")
    return b"\0" not in name and len(name) <= _MAX_PATH_BYTES and max(map(len, parts)) <= _MAX_NAME_BYTES


def _are_names(value: Any, option: Option) -> bool:
    if isinstance(value, str | Path):
        return True
    if isinstance(value, Collection):
        return all(isinstance(each, str | Path) for each in value)
    return isinstance(value, Iterable)


def _shown(value: Any) -> str:
    text = repr(value)
    text = text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]}…{text[-_SHOWN // 4 :]}"
    return text if value is None else f"{text}, {type(value).__name__}"


_TESTS: Mapping[Any, Callable[[Any, Option], bool]] = {
    Any: lambda value, option: True,
    type(None): lambda value, option: value is None,
    str: lambda value, option: isinstance(value, str),
    bool: lambda value, option: type(value).__name__ in ("bool", "bool_"),
    int: _is_integer,
    float: _is_number,
    tuple: _are_names,
    Path: _is_path,
    Callable: lambda value, option: callable(value),
}
_WORDS: Mapping[Any, Callable[[Option], str]] = {
    Any: lambda option: "a path",
    type(None): lambda option: "None",
    str: lambda option: option.text,
    bool: lambda option: "True or False",
    int: _integer_words,
    float: lambda option: f"a number ({option.unit})" if option.unit else "a number",
    tuple: lambda option: "a name or a list of names",
    Path: lambda option: f"a path in UTF-8 whose names have at most {_MAX_NAME_BYTES} bytes",
    Callable: lambda option: "a function",
}
