"""Write and read JSON, atomically and with a format number."""

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
else:  # what is only written needs no check
    pydantic = lazy_module("pydantic")

FORMAT = 1
PARKED = {0xD800 + i: 0x10F800 + i for i in range(0x800)}
"""Private characters in place of halves of surrogate pairs, which stand for bytes of file names that are no
Unicode: pydantic refuses these halves.
"""
BACK = {parked: half for half, parked in PARKED.items()}
TOLD = 3
"""Faults of a document that an error names."""
T = TypeVar("T")


def plain(value: Any) -> Any:
    """Dataclasses, tuples, paths and NumPy scalars as what JSON knows; NaN and infinities become null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
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
    """Replace ``path`` in one step: a reader sees the old file or the new one, never half of it."""
    # file names may hold bytes that are no Unicode: JSON reads the backslashes as the same name
    files.write_bytes(path, text.encode("utf-8", errors="backslashreplace"))


def write(path: Path, document: Any) -> None:
    """Write ``document`` as JSON, atomically."""
    write_text(path, json.dumps(plain(document), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read(path: Path) -> Any:
    """The JSON document at ``path``. Raises ValueError where it is none, and OSError."""
    return parse(path.read_text(encoding="utf-8"))


def parse(text: str) -> Any:
    """The JSON document that ``text`` is. Raises ValueError where it is none."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def as_type(document: Any, kind: type[T]) -> T:
    """Return a document as what its writer made it of: a dataclass, or another type.

    Args:
        document: What :func:`read` gave.
        kind: The type. Keys of a document that a dataclass does not have are ignored, and what the document
            lacks has its default.

    Raises:
        ValueError: The document is of another type; it says where and what is expected.
    """
    try:
        text = json.dumps(document, ensure_ascii=False)
        parked = text.translate(PARKED)
        found = pydantic.TypeAdapter(kind).validate_json(parked, strict=True)
        return found if text == parked else cast(T, _restored(found))
    except pydantic.ValidationError as error:
        raise ValueError("; ".join(_fault(each) for each in error.errors()[:TOLD])) from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _restored(value: Any) -> Any:
    """The value with the halves of surrogate pairs that were parked."""
    if isinstance(value, str):
        return value.translate(BACK)
    if isinstance(value, Mapping):
        return {_restored(key): _restored(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_restored, value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        own = [each.name for each in dataclasses.fields(value) if each.init]
        return dataclasses.replace(value, **{name: _restored(getattr(value, name)) for name in own})
    return value


def _fault(found: Mapping[str, Any]) -> str:
    place = ".".join(map(str, found["loc"])) or "the document"
    given = repr(found["input"])
    given = given if len(given) <= 60 else given[:59] + "…"
    return f"{place}: {found['msg'][:1].lower()}{found['msg'][1:]}, not {given}"
