"""Name texts by their beginning."""

from __future__ import annotations

from autotl.escaping import safe

SNIPPET = 80
"""Characters of a text in its name."""


def text_name(place: str, text: object) -> str:
    """Return the place and the beginning of a text, in one line.

    Control characters and changes of the writing direction are escaped.

    Args:
        place: The row, file or position.
        text: The text; something else gives the place alone.
    """
    if not isinstance(text, str):
        return place
    line = safe(" ".join(text[: 4 * SNIPPET].split()))
    return f"{place}: {line if len(line) <= SNIPPET else line[: SNIPPET - 1].rstrip() + '…'}"
