"""Define the content of a report section, which every renderer shows alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Place = Literal["column", "beside", "half", "below"]
"""Position on the page: under the sentences, beside them, or below them in half or in full width."""


@dataclass(frozen=True, slots=True)
class Bar:
    """Table cell that a page may draw as a bar.

    ``share`` is the filled part of the width, in [0, 1]; None draws no bar. A page shows the ``note`` small,
    below the text.
    """

    text: str
    share: float | None = None
    note: str = ""

    def __str__(self) -> str:
        return f"{self.text} ({self.note})" if self.note else self.text


Cell = str | Bar


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headings.

    Attributes:
        headings: Column names.
        rows: Cells of each row.
        numeric: Columns that are aligned to the right.
        strong: Index of the highlighted row.
        title: Heading above the table, or label of the folded table.
        place: Position on the page.
        folded: Whether the page shows the table only on a click.
        page_only: Whether Markdown leaves the table out.
        style: CSS class of the table.
        anchor: Anchor on the page; empty for none.
    """

    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: frozenset[int] = frozenset()
    strong: int | None = None
    title: str = ""
    place: Place = "below"
    folded: bool = False
    page_only: bool = False
    style: str = ""
    anchor: str = ""

    def __bool__(self) -> bool:
        return bool(self.rows)


@dataclass(frozen=True, slots=True)
class Figure:
    """Drawing with a caption.

    Attributes:
        name: File name without its ending.
        caption: Sentence below the drawing.
        draw: Returns SVG for a width in pixels; an empty text without numbers.
        place: Position on the page.
    """

    name: str
    caption: str
    draw: Callable[[float], str]
    place: Place = "below"


@dataclass(frozen=True, slots=True)
class Picture:
    """Image of the user's data, shown as a thumbnail.

    Attributes:
        item: Name of the image, which a page shows if there is no thumbnail.
        file: Name of the thumbnail in ``RUN/pictures``; empty if there is none.
        alt: The content of the picture in words.
    """

    item: str
    file: str = ""
    alt: str = ""


@dataclass(frozen=True, slots=True)
class PictureGroup:
    """Pictures in a row with one caption.

    Attributes:
        pictures: The pictures.
        caption: Words below them; names are in backticks.
        named: Whether a page shows the names of the images below the caption.
    """

    pictures: tuple[Picture, ...]
    caption: str = ""
    named: bool = True


@dataclass(frozen=True, slots=True)
class Pictures:
    """Grid of pictures.

    Attributes:
        groups: Pictures with their captions.
        title: Heading above the grid.
        note: Sentence below the heading; names are in backticks.
        anchor: Anchor on the page; empty for none.
    """

    groups: tuple[PictureGroup, ...]
    title: str = ""
    note: str = ""
    anchor: str = ""

    def __bool__(self) -> bool:
        return bool(self.groups)


@dataclass(frozen=True, slots=True)
class Stage:
    """Part of the network; ``state`` is "frozen", "trained" or "new"."""

    name: str
    state: str


@dataclass(frozen=True, slots=True)
class Snippet:
    """Code with a comment that introduces it."""

    comment: str
    language: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Section of the report.

    Attributes:
        name: Anchor on the page.
        title: Heading.
        link: Text of the link to the section.
        sentences: Text; names are in backticks.
        tables: Tables in their order.
        figures: Figures in their order.
        pictures: Grids of pictures in their order.
        stages: Parts of the network, from image to prediction.
        snippets: Code to copy.
    """

    name: str
    title: str
    link: str
    sentences: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    pictures: tuple[Pictures, ...] = ()
    stages: tuple[Stage, ...] = ()
    snippets: tuple[Snippet, ...] = ()

    def __bool__(self) -> bool:
        """Whether the section has content besides figures."""
        return bool(self.sentences or any(self.tables) or any(self.pictures) or self.stages or self.snippets)


@dataclass(frozen=True, slots=True)
class KeyNumber:
    """Number in the summary with its label and a detail."""

    label: str
    amount: str
    detail: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Fault of the data in a few words.

    ``anchor`` is that of its pictures. A ``severe`` fault makes the test score wrong.
    """

    text: str
    anchor: str
    severe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Top of the report.

    Attributes:
        name: Name of the data.
        created: Time of the run.
        version: Version of autotl that wrote the report.
        outcome: "helps", "no_measurable_difference", "hurts" or "unmeasured".
        badge: The outcome in words.
        headline: The delivered model with its test score; empty without a score.
        extremes: The best and the worst class; empty without classes.
        verdict: The outcome as a sentence.
        warnings: Reasons for which the test score or the probabilities are wrong.
        faults: Faults of the data.
        delivered: Final model with its test score.
        numbers: Key numbers.
        notes: Inferences and remarks.
    """

    name: str
    created: str
    version: str
    outcome: str
    badge: str
    headline: str
    extremes: str
    verdict: str
    warnings: tuple[str, ...]
    faults: tuple[Fault, ...]
    delivered: str
    numbers: tuple[KeyNumber, ...]
    notes: tuple[str, ...]
