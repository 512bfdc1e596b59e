"""Find the blocks of code in a page, and the reason of each block that is not run."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
RUNNABLE = ("bash", "python")
_BLOCK = re.compile(
    r"(?:^ *<!-- not run: (?P<why>.+?) -->\n)?"
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<code>.*?)^(?P=indent)```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of code.

    ``why`` is the reason in ``<!-- not run: reason -->`` on the line before it; "" if the block is run.
    """

    language: str
    code: str
    why: str = ""


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page, in order."""
    for found in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        yield Block(found["language"], textwrap.dedent(found["code"]), found["why"] or "")


def runnable(page: Path) -> list[Block]:
    """Return the blocks that a test runs."""
    return [block for block in blocks(page) if block.language in RUNNABLE and not block.why]


def command_lines(code: str) -> list[str]:
    """Return the commands of a block, without comments and with continued lines joined."""
    lines = code.replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
