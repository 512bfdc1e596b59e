"""Build the section that shows training images of each class."""

from __future__ import annotations

from autotl.report import format
from autotl.report.document.pictures import PictureData
from autotl.report.document.report import Report
from autotl.report.section import PictureGroup, Pictures, Section
from autotl.report.sections.pictures.picture import picture


def section(report: Report) -> Section:
    """Show some training images of the largest classes or labels."""
    found = report.pictures or PictureData()
    groups = []
    for each in found.samples:
        own = [picture(report, item, f"training image of {format.value(each.name)}") for item in each.items]
        if pictures := tuple(one for one in own if one.file):  # the time may have ended before
            caption = f"{format.name(each.name)}, {format.count(each.images, 'training image')}"
            groups.append(PictureGroup(pictures, caption, named=False))
    return Section(
        name="classes",
        title=f"Images by {report.words.one}",
        link=report.words.several.capitalize(),
        sentences=(_counts(report, len(groups)),) if groups else (),
        pictures=(Pictures(tuple(groups)),),
    )


def _counts(report: Report, shown: int) -> str:
    words, every = report.words, len(report.class_names)
    text = f"Some training images of each {words.one}"
    if every <= shown:
        return f"{text}."
    return f"{text}, of the {shown} largest of {every:,} {words.several}."
