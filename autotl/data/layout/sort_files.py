"""Sort the files of a folder tree by their kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from posixpath import splitext

from autotl.data.image_files.suffixes import IMAGE_SUFFIXES, READABLE_SUFFIXES, is_image_name, suffix_of
from autotl.data.layout.auxiliary_images import (
    Steps,
    auxiliary_images,
    in_system_folder,
    in_system_folders,
)
from autotl.data.name_lists import join_counts


def visible_images(names: Iterable[str]) -> list[str]:
    """Return the names of images that are not hidden, in order.

    Images in system folders are left out as well.
    """
    return [
        name
        for name in names
        if (steps := steps_of(name)) and is_image_name(steps[-1]) and not in_system_folder(steps)
    ]


def sort_files(names: Iterable[str]) -> tuple[dict[str, Steps], dict[str, Steps], list[str]]:
    """Return images of objects, other files, and notes."""
    visible = {name: steps for name in names if (steps := steps_of(name))}
    system_files, notes = in_system_folders(visible)
    files = {name: steps for name, steps in visible.items() if name not in system_files}
    images = {name: steps for name, steps in files.items() if suffix_of(steps[-1]) in IMAGE_SUFFIXES}
    others = {name: steps for name, steps in files.items() if name not in images}
    readable = {
        (*steps[:-1], splitext(steps[-1])[0])
        for steps in images.values()
        if suffix_of(steps[-1]) in READABLE_SUFFIXES
    }
    twins = {
        name: suffix_of(steps[-1])
        for name, steps in images.items()
        if suffix_of(steps[-1]) not in READABLE_SUFFIXES and (*steps[:-1], splitext(steps[-1])[0]) in readable
    }
    if twins:
        counts = join_counts(Counter(twins.values()))
        notes.append(f"Left out unreadable files beside a readable image of the same name: {counts}.")
    images = {name: steps for name, steps in images.items() if name not in twins}
    auxiliary, auxiliary_notes = auxiliary_images(images)
    notes += auxiliary_notes
    return {name: steps for name, steps in images.items() if name not in auxiliary}, others, notes


def steps_of(name: str) -> Steps:
    """Return the steps of a name; empty for hidden files.

    Steps such as ``..`` are dropped.
    """
    steps = [step for step in name.replace("\\", "/").split("/") if step not in ("", ".", "..")]
    hidden = any(step.startswith(".") or step == "__MACOSX" for step in steps)
    return () if hidden else tuple(steps)
