"""Render the OpenAPI document as a page that fetches nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from autotl.report.render.html import page_environment
from autotl.serving.application.page import page_style


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of a schema."""

    name: str
    kind: str
    description: str


@dataclass(frozen=True, slots=True)
class _Address:
    """An address of the service, with its parameters and its answers.

    Attributes:
        method: The HTTP method.
        path: The address.
        description: Its purpose.
        parameters: The parameters of the query.
        bodies: The content types of the request.
        answers: Each status with its description and its schema.
    """

    method: str
    path: str
    description: str
    parameters: tuple[_Field, ...]
    bodies: tuple[str, ...]
    answers: tuple[tuple[str, str, str], ...]


def documentation(openapi: Mapping[str, Any]) -> str:
    """Return the page of an OpenAPI document: addresses, answers and schemas."""
    schemas = {
        name: (schema.get("description", ""), _fields(schema))
        for name, schema in openapi.get("components", {}).get("schemas", {}).items()
    }
    addresses = [
        _address(method, path, operation)
        for path, operations in openapi["paths"].items()
        for method, operation in operations.items()
    ]
    template = page_environment("autotl.serving").get_template("docs.html.j2")
    return template.render(
        info=openapi["info"], addresses=addresses, schemas=schemas, style=Markup(page_style())
    )


def _address(method: str, path: str, operation: Mapping[str, Any]) -> _Address:
    parameters = [
        _Field(each["name"], _kind(each.get("schema", {})), each.get("description", ""))
        for each in operation.get("parameters", ())
    ]
    answers = [
        (status, answer.get("description", ""), _answer_kind(answer))
        for status, answer in operation.get("responses", {}).items()
    ]
    return _Address(
        method.upper(),
        path,
        operation.get("description") or operation.get("summary", ""),
        tuple(parameters),
        tuple(operation.get("requestBody", {}).get("content", {})),
        tuple(answers),
    )


def _answer_kind(answer: Mapping[str, Any]) -> str:
    return next((_kind(each.get("schema", {})) for each in answer.get("content", {}).values()), "")


def _fields(schema: Mapping[str, Any]) -> tuple[_Field, ...]:
    return tuple(
        _Field(name, _kind(each), each.get("description", ""))
        for name, each in schema.get("properties", {}).items()
    )


def _kind(schema: Mapping[str, Any]) -> str:
    """Return the type of a schema in words, such as "list of Choice"."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(map(_kind, schema["anyOf"]))
    if schema.get("type") == "array":
        items = schema.get("items") or {}
        return f"list of {_kind(items)}" if items else "list of numbers"
    if "const" in schema:
        return repr(schema["const"])
    if "enum" in schema:
        return " or ".join(map(repr, schema["enum"]))
    return str(schema.get("type", "any"))
