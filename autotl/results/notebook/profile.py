"""Show a profile of the data in a notebook."""

from __future__ import annotations

from html import escape
from typing import Any

from autotl.results.card import BOX


class Profile(dict[str, Any]):
    """The dictionary that :func:`autotl.analyze` returns.

    A notebook shows it as sentences.
    """

    def _repr_html_(self) -> str:
        from autotl.report import parse, profile_sections  # the report's sections are slow to import
        from autotl.report.render.html import prose

        parts = []
        for section in profile_sections(parse(self)):
            parts.append(f'<div style="font-weight:600;margin-top:.6em">{escape(section.title)}</div>')
            parts += [f"<div>{prose(sentence)}</div>" for sentence in section.sentences]
        return f'<div style="{BOX}">{"".join(parts)}</div>'
