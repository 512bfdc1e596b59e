"""Prepare pictures for the page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from autotl.report import format
from autotl.report.pictures.embed import ThumbnailFolder
from autotl.report.section import Picture, PictureGroup, Pictures

MAX_NAME = 60
"""Characters of an image name on a page; longer names are cut at the front."""


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """Picture on a page.

    ``uri`` embeds its thumbnail; it is empty if there is none.
    """

    uri: Markup
    name: str
    full_name: str
    alt: str


@dataclass(frozen=True, slots=True)
class ShownGroup:
    """Pictures side by side with their caption."""

    pictures: tuple[ShownPicture, ...]
    caption: str
    named: bool

    @property
    def names(self) -> tuple[ShownPicture, ...]:
        """The pictures whose names are below the caption.

        The place of a missing thumbnail has the name itself.
        """
        return tuple(each for each in self.pictures if each.uri) if self.named else ()


@dataclass(frozen=True, slots=True)
class Grid:
    """Groups of pictures with a heading."""

    title: str
    note: str
    groups: tuple[ShownGroup, ...]
    anchor: str = ""

    @property
    def wide(self) -> bool:
        """Whether pictures are side by side."""
        return any(len(group.pictures) > 1 for group in self.groups)


class PageGrids:
    """Makes the grids of a page, whose thumbnails have a total size."""

    def __init__(self, run: Path | None) -> None:
        """``run`` is the run folder; without one, pictures are shown by name."""
        self._thumbnails = ThumbnailFolder(run)

    def grids(self, contents: Iterable[Pictures]) -> list[Grid]:
        """Return the grids that have pictures."""
        return [
            Grid(each.title, each.note, tuple(map(self._group, each.groups)), each.anchor)
            for each in contents
            if each
        ]

    def _group(self, group: PictureGroup) -> ShownGroup:
        return ShownGroup(tuple(map(self._picture, group.pictures)), group.caption, group.named)

    def _picture(self, picture: Picture) -> ShownPicture:
        uri = Markup(self._thumbnails.uri(picture.file))
        return ShownPicture(uri, short_name(picture.item), format.value(picture.item), picture.alt)


def short_name(name: str) -> str:
    """Return the end of a long name, on one line."""
    line = format.value(name)
    return line if len(line) <= MAX_NAME else f"…{line[-MAX_NAME:]}"
