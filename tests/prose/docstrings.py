"""Check the form of docstrings of public functions and classes."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Literal

FormFault = Literal["summary", "args", "attributes"]
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef

MOST_SUMMARY_WORDS = 12
LEAST_PARAMETERS = 3  # from which Args: is required
LEAST_FIELDS = 5  # from which Attributes: is required


def form_findings(path: Path) -> Iterator[tuple[int, FormFault, str]]:
    """Yield line, fault and message of each docstring that breaks a rule.

    Methods without a docstring are left out: they keep a contract that is described elsewhere.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    yield from _summary(tree, tree, "the module")
    for node in _public(tree):
        yield from _summary(tree, node, node.name)
        if isinstance(node, ast.ClassDef):
            yield from _attributes(node)
            for method in _public(node):
                if isinstance(method, FunctionNode) and ast.get_docstring(method):
                    yield from _summary(tree, method, f"{node.name}.{method.name}")
                    yield from _args(method, f"{node.name}.{method.name}")
        else:
            yield from _args(node, node.name)


def _public(parent: ast.Module | ast.ClassDef) -> Iterator[FunctionNode | ast.ClassDef]:
    for node in parent.body:
        if isinstance(node, FunctionNode | ast.ClassDef) and not node.name.startswith("_"):
            yield node


def _summary(
    tree: ast.Module, node: ast.Module | FunctionNode | ast.ClassDef, name: str
) -> Iterator[tuple[int, FormFault, str]]:
    text = ast.get_docstring(node)
    if not text:
        return
    first = text.split("\n\n")[0]
    line = first.split("\n")[0]
    summary = line if line.endswith((".", ":", "?", "…")) else first
    count = len(re.sub(r"``[^`]*``|:\w+:`[^`]*`|`[^`]*`", "X", summary).split())
    if count > MOST_SUMMARY_WORDS:
        where = node.body[0].lineno if node is not tree else 1
        shown = " ".join(summary.split())
        yield (
            where,
            "summary",
            f"first line of {name} has {count} words (at most {MOST_SUMMARY_WORDS}): {shown}",
        )


def _args(node: FunctionNode, name: str) -> Iterator[tuple[int, FormFault, str]]:
    if any(
        ast.unparse(each).partition("(")[0].endswith((".command", ".callback"))
        for each in node.decorator_list
    ):
        return  # the docstring of a command is its help
    each = node.args
    names = [
        arg.arg for arg in (*each.posonlyargs, *each.args, *each.kwonlyargs, each.vararg, each.kwarg) if arg
    ]
    count = len([arg for arg in names if arg not in {"self", "cls"}])
    if count >= LEAST_PARAMETERS and not _has_section(node, "Args"):
        yield node.lineno, "args", f"{name} has {count} parameters and no 'Args:'"


def _attributes(node: ast.ClassDef) -> Iterator[tuple[int, FormFault, str]]:
    if not any(ast.unparse(each).partition("(")[0].endswith("dataclass") for each in node.decorator_list):
        return
    # a docstring below a field serves as well
    described = [one for one, other in pairwise(node.body) if isinstance(other, ast.Expr)]
    fields = [
        each
        for each in node.body
        if isinstance(each, ast.AnnAssign)
        and each not in described
        and "ClassVar" not in ast.unparse(each.annotation)
        and not ast.unparse(each.target).startswith("_")
    ]
    if len(fields) >= LEAST_FIELDS and not _has_section(node, "Attributes"):
        yield node.lineno, "attributes", f"{node.name} has {len(fields)} fields and no 'Attributes:'"


def _has_section(node: FunctionNode | ast.ClassDef, title: str) -> bool:
    return re.search(rf"^\s*{title}:\s*$", ast.get_docstring(node) or "", re.MULTILINE) is not None
