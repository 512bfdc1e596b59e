"""Find the thumbnail of an image."""

from __future__ import annotations

from autotl.report import format
from autotl.report.document.report import Report
from autotl.report.section import Picture


def picture(report: Report, item: str, shows: str) -> Picture:
    """Return the picture of an image.

    Args:
        report: The report.
        item: Name of the image.
        shows: The content of the image, in words.
    """
    files = report.pictures.files if report.pictures else {}
    return Picture(item, files.get(item, ""), f"{shows}: {format.value(item)}")
