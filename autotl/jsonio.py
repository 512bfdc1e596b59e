"""Write JSON atomically, and read it as values or dataclasses."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from autotl import files
from autotl.importing.lazy import lazy_module

if TYPE_CHECKING:
    import pydantic
else:  # only reading with a type needs it
    pydantic = lazy_module("pydantic")

FORMAT = 1
"""The version number in the JSON documents of a run."""
KEY = "json_key"
"""The entry of a dataclass field's metadata that names its JSON key, if the two differ."""
SURROGATE_TO_PRIVATE = {0xD800 + i: 0x10F800 + i for i in range(0x800)}
"""Private characters that replace lone surrogates while pydantic reads a document.

Lone surrogates stand for bytes of file names that are not valid Unicode. pydantic refuses them.
"""
PRIVATE_TO_SURROGATE = {private: surrogate for surrogate, private in SURROGATE_TO_PRIVATE.items()}
MAX_FAULTS = 3
"""Faults of a document that an error names."""
MAX_INPUT_LENGTH = 60
"""Characters of a wrong value that an error shows."""
T = TypeVar("T")


def plain(value: Any) -> Any:
    """Convert a value to plain JSON data.

    Dataclasses become objects, tuples and arrays become lists, paths become strings, and NaN and infinities
    become null.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.metadata.get(KEY, f.name): plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if hasattr(value, "tolist"):  # NumPy scalars and arrays, torch tensors
        return plain(value.tolist())
    return str(value)


def write_text(path: Path, text: str) -> None:
    """Replace a text file atomically, in UTF-8."""
    # file names may hold bytes that are not valid Unicode: JSON reads the escapes as the same name
    files.write_bytes(path, text.encode("utf-8", errors="backslashreplace"))


def write(path: Path, document: Any) -> None:
    """Write a document as JSON, atomically."""
    write_text(path, json.dumps(plain(document), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read(path: Path) -> Any:
    """Read the JSON document at ``path``.

    Raises:
        ValueError: If the content is not JSON.
        OSError: If the file cannot be read.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise ValueError("it must be a regular file, not a pipe or a device")
    return parse(path.read_text(encoding="utf-8-sig"))  # some editors write a byte order mark


def parse(text: str) -> Any:
    """Parse a JSON document.

    Raises:
        ValueError: If it is malformed, or holds NaN, an infinity or a number too large for a float.
    """
    try:
        return json.loads(text, parse_constant=_refuse_number, parse_float=_finite_float)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def as_type(document: Any, kind: type[T]) -> T:
    """Convert a document to the type it was written from.

    Args:
        document: The result of :func:`read`.
        kind: A dataclass or another type. Unknown keys of the document are ignored; missing ones take their
            defaults.

    Raises:
        ValueError: If the document has another type. The message names the place and the expected type.
    """
    try:
        text = json.dumps(document, ensure_ascii=False)
        escaped = text.translate(SURROGATE_TO_PRIVATE)
        found = pydantic.TypeAdapter(kind).validate_json(escaped, strict=True)
        return found if text == escaped else cast(T, _with_surrogates(found))
    except pydantic.ValidationError as error:
        raise ValueError("; ".join(_fault(each) for each in error.errors()[:MAX_FAULTS])) from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _refuse_number(text: str) -> float:
    raise ValueError(f"numbers must be finite (got {text})")


def _finite_float(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _refuse_number(text)


def _with_surrogates(value: Any) -> Any:
    """Restore the lone surrogates that were replaced by private characters."""
    if isinstance(value, str):
        return value.translate(PRIVATE_TO_SURROGATE)
    if isinstance(value, Mapping):
        return {_with_surrogates(key): _with_surrogates(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_with_surrogates, value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [each.name for each in dataclasses.fields(value) if each.init]
        return dataclasses.replace(value, **{name: _with_surrogates(getattr(value, name)) for name in names})
    return value


def _fault(found: Mapping[str, Any]) -> str:
    where = ".".join(map(str, found["loc"])) or "the document"
    given = repr(found["input"])
    given = given if len(given) <= MAX_INPUT_LENGTH else given[: MAX_INPUT_LENGTH - 1] + "…"
    return f"{where}: {found['msg'][:1].lower()}{found['msg'][1:]}, not {given}"
