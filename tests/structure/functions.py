"""Measure functions: lines, parameters and cyclomatic complexity."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from tests.structure.modules import Module

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
BRANCHES = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, *FunctionNode.__args__)


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method in numbers.

    Attributes:
        module: Dotted name of its module.
        place: Path and line, as editors open it.
        name: Its name.
        lines: Lines from ``def`` to its end, docstring excluded.
        body_lines: Lines below its signature, docstring excluded.
        parameters: All of them but ``self`` and ``cls``.
        complexity: McCabe's number, counted as ruff's C901 does.
    """

    module: str
    place: str
    name: str
    lines: int
    body_lines: int
    parameters: int
    complexity: int


def functions(module: Module) -> Iterator[Function]:
    """Yield every function and method of a module, nested ones included."""
    for node in ast.walk(module.tree):
        if isinstance(node, FunctionNode):
            place = f"{module.path}:{node.lineno}"
            lines = line_count(node)
            signature = node.body[0].lineno - node.lineno
            yield Function(
                module.name,
                place,
                node.name,
                lines,
                lines - signature,
                parameter_count(node),
                complexity(node),
            )


def line_count(node: FunctionNode) -> int:
    """Return the lines of a function, its docstring excluded."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node, clean=False) is not None:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def parameter_count(node: FunctionNode) -> int:
    """Return the number of parameters, ``self`` and ``cls`` excluded."""
    given = node.args
    every = (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg)
    return len([each for each in every if each is not None and each.arg not in {"self", "cls"}])


def complexity(node: FunctionNode) -> int:
    """Return McCabe's cyclomatic complexity."""
    return sum(_branches(each) for each in ast.walk(node))  # the function itself counts 1


def _branches(node: ast.AST) -> int:
    if isinstance(node, ast.Match):
        last = node.cases[-1]
        otherwise = (
            last.guard is None and isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None
        )
        return len(node.cases) - otherwise
    if isinstance(node, ast.Try):
        return bool(node.orelse)
    return isinstance(node, BRANCHES)
