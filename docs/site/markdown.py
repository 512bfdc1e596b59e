"""Turn GitHub's Markdown and docstrings into the Markdown that Zensical reads."""

from __future__ import annotations

import re

ITEM = re.compile(r" *(?:[-*]|\d+\.) +(?=\S)")
FENCE = re.compile(r" *(```|~~~)")
ROLE = re.compile(r":\w+:`~?([^`]+)`")
CODE = re.compile(r"``([^`]+)``")
RULE = re.compile(r" *=+(?: +=+)+ *$")


def for_site(text: str) -> str:
    """Indent the content of list items by four spaces for each level.

    GitHub indents it by the width of the marker. Python-Markdown wants four spaces.
    """
    columns: list[int] = []  # at which the content of each open item starts
    fenced, lines = False, []
    for line in text.splitlines():
        if not fenced and line.strip():
            indent = len(line) - len(line.lstrip())
            columns = [each for each in columns if each <= indent]
        head = ITEM.match(line)
        if head is not None and not fenced:
            lines.append("    " * len(columns) + line.lstrip())
            columns.append(len(head[0]))
            continue
        fenced ^= FENCE.match(line) is not None
        cut = min(columns[-1] if columns else 0, len(line) - len(line.lstrip()))
        lines.append("    " * len(columns) + line[cut:] if line.strip() else "")
    return "\n".join(lines) + "\n"


def of_docstring(text: str) -> str:
    """Return a docstring as Markdown: roles as code, examples and tables as blocks."""
    return "\n\n".join(_block(each) for each in re.split(r"\n{2,}", text.strip()))


def _block(block: str) -> str:
    lines = block.splitlines()
    if lines[0].lstrip().startswith(">>>"):
        return _fenced("python", lines)
    if RULE.match(lines[0]):
        return _table(lines)
    return CODE.sub(r"`\1`", ROLE.sub(r"`\1`", block))


def _table(lines: list[str]) -> str:
    """Return a simple table of reStructuredText, with a line for each row, as one of Markdown."""
    starts = [found.start() for found in re.finditer("=+", lines[0])]
    ends = [*starts[1:], None]
    cells = [
        [CODE.sub(r"`\1`", line[start:end].strip()) for start, end in zip(starts, ends, strict=True)]
        for line in lines
        if not RULE.match(line)
    ]
    head, *rows = [f"| {' | '.join(row)} |" for row in cells]
    return "\n".join([head, "|" + "---|" * len(starts), *rows])


def _fenced(language: str, lines: list[str]) -> str:
    indent = " " * (len(lines[0]) - len(lines[0].lstrip()))
    return "\n".join([f"{indent}```{language}", *lines, f"{indent}```"])
