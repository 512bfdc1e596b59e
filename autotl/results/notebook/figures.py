"""Offer the figures of a report as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path

from autotl.errors import UnknownName
from autotl.files import write_bytes
from autotl.report import Report, drawings


@dataclass(frozen=True, slots=True, repr=False)
class SvgFigure:
    """A figure of the report, which a notebook displays.

    Attributes:
        name: Its name in the report.
        svg: SVG text, complete as a file.
    """

    name: str
    svg: str

    def save(self, out: str | Path) -> Path:
        """Write the figure as an SVG file, and return its path.

        Raises RunError if the file cannot be written.
        """
        path = Path(out)
        write_bytes(path, self.svg.encode("utf-8", "backslashreplace"))
        return path

    def __repr__(self) -> str:
        return f"<SvgFigure {self.name}>"

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_html_(self) -> str:
        return f'<div style="max-width:46em">{self.svg}</div>'


class Figures(dict[str, SvgFigure]):
    """The figures of a report by name.

    A notebook displays all of them.

    >>> result.figures["arms"].save("arms.svg")
    """

    def __init__(self, report: Report) -> None:
        """Draw the figures that have numbers."""
        super().__init__({name: SvgFigure(name, svg) for name, svg in drawings(report).items()})

    def __missing__(self, name: str) -> SvgFigure:
        raise UnknownName("figure", str(name), self)

    def __repr__(self) -> str:
        return f"<Figures {', '.join(self)}>"

    def _repr_html_(self) -> str:
        return "".join(
            f'<div style="font-weight:600;margin-top:1em">{escape(name)}</div>{figure._repr_html_()}'
            for name, figure in self.items()
        )
