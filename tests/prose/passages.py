"""Find the prose of a file: docstrings, comments and messages of Python, paragraphs of Markdown."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

Kind = Literal["docstring", "comment", "message", "paragraph", "heading"]

LEAST_WORDS = 4  # shorter strings and comments are names, keys and labels
LEAST_LETTERS = 0.8  # share of letters, blanks and punctuation in prose; patterns and markup have fewer
DIRECTIVE = re.compile(r"\b(noqa|type:|pragma|fmt:|mypy:|ruff:)")
CODE = re.compile(r"``[^`]*``|:\w+:`[^`]*`|`[^`]*`")
URL = re.compile(r"https?://\S+")
ENTRY = re.compile(r"\n(?=\s*[*`\w]+(?: \([^)\n]*\))?: )")  # "name: meaning", as below Args
ITEM = re.compile(r"\n(?=\s*(?:[-*]|\d+\.) )")


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph, heading, comment or message, with ``X`` in place of code."""

    path: Path
    line: int
    kind: Kind
    text: str


def passages(path: Path) -> Iterator[Passage]:
    """Yield the prose of a Python or Markdown file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from _strings(path, text)
        yield from _comments(path, text)
    else:
        yield from _markdown(path, text)


def without_code(text: str) -> str:
    """Put an ``X`` in place of code and addresses, so that each counts as a word."""
    return URL.sub("X", CODE.sub("X", text))


def _strings(path: Path, text: str) -> Iterator[Passage]:
    tree = ast.parse(text)
    seen: set[int] = set()
    for node in ast.walk(tree):  # parents come before their children
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            if isinstance(node.value.value, str):
                seen.add(id(node.value))
                yield from _docstring(path, node.lineno, node.value.value)
        elif isinstance(node, ast.JoinedStr):
            seen |= {id(each) for each in node.values}
            parts = [str(each.value) if isinstance(each, ast.Constant) else "X" for each in node.values]
            yield from _message(path, node.lineno, "".join(parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in seen:
            yield from _message(path, node.lineno, node.value)


def _docstring(path: Path, line: int, text: str) -> Iterator[Passage]:
    literal = False  # the block before ended in "::"
    for block in re.finditer(r"(?:[^\n]+\n?)+", text):
        found = block[0]
        indented = found.startswith(" ")
        code = ">>>" in found or re.search(r"^\s*={3,}", found, re.MULTILINE) or (literal and indented)
        literal = found.rstrip().endswith("::") or (literal and indented)
        if code:
            continue
        start = line + text.count("\n", 0, block.start())
        for part in ENTRY.split(found):
            for item in ITEM.split(part):
                yield Passage(path, start, "docstring", without_code(item))
                start += item.count("\n") + 1


def _message(path: Path, line: int, text: str) -> Iterator[Passage]:
    if len(text.split()) < LEAST_WORDS or text.lstrip().startswith("<") or "</" in text:
        return
    if sum(each.isalpha() or each in " \n,.'’:;()" for each in text) < LEAST_LETTERS * len(text):
        return
    for block in re.split(r"\n\s*\n", text):
        yield Passage(path, line, "message", without_code(block))


def _comments(path: Path, text: str) -> Iterator[Passage]:
    """Yield comments, those on consecutive lines as one."""
    block: list[str] = []
    begin, last = 0, (0, 0)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type != tokenize.COMMENT or DIRECTIVE.search(token.string):
            continue
        row, column = token.start
        if block and (row, column) != (last[0] + 1, last[1]):
            yield from _comment(path, begin, block)
            block = []
        if not block:
            begin = row
        block.append(token.string.lstrip("#: "))
        last = (row, column)
    yield from _comment(path, begin, block)


def _comment(path: Path, line: int, block: list[str]) -> Iterator[Passage]:
    text = without_code("\n".join(block))
    if len(text.split()) >= LEAST_WORDS:
        yield Passage(path, line, "comment", text)


def _markdown(path: Path, text: str) -> Iterator[Passage]:
    """Yield paragraphs, list items and headings; tables, code blocks and HTML are left out."""
    kind: Kind = "paragraph"
    table = False
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type in {"table_open", "table_close"}:
            table = token.type == "table_open"
        elif token.type in {"heading_open", "heading_close"}:
            kind = "heading" if token.type == "heading_open" else "paragraph"
        elif token.type == "inline" and not table and token.map is not None:
            yield Passage(path, token.map[0] + 1, kind, _inline(token))


def _inline(token: Token) -> str:
    shown = {"code_inline": "X", "softbreak": "\n", "hardbreak": "\n"}
    parts = [
        each.content if each.type == "text" else shown.get(each.type, "") for each in token.children or ()
    ]
    return URL.sub("X", "".join(parts))
