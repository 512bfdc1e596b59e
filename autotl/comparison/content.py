"""Collect everything that a comparison shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autotl.comparison.compared_run import ComparedRun
from autotl.comparison.difference import Difference
from autotl.comparison.split_table import SharedImages, shared_images
from autotl.report import format

NO_DIFFERENCES = ("data", "out", "budget")
"""Arguments that the table of options leaves out: other lines show them, or they are no settings."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Several runs with their differences to the first.

    Attributes:
        runs: The runs; the others are compared with the first.
        images: The images that each other run shares with the first; None if unknown.
        test_images: The test images that each other run shares with the first; None if unknown.
        differences: The difference of each other run.
        options: The arguments of the runs that differ, by name, with a value for each run.
        notes: Remarks, a sentence each.
    """

    runs: tuple[ComparedRun, ...]
    images: tuple[SharedImages | None, ...]
    test_images: tuple[SharedImages | None, ...]
    differences: tuple[Difference, ...]
    options: Mapping[str, tuple[Any, ...]]
    notes: tuple[str, ...]

    @property
    def first(self) -> ComparedRun:
        """The run that the others are compared with."""
        return self.runs[0]


def compared(runs: Sequence[ComparedRun], differences: Sequence[Difference]) -> Compared:
    """Return the content of a comparison.

    Args:
        runs: The runs.
        differences: The difference of each run but the first.
    """
    first, *others = runs
    return Compared(
        tuple(runs),
        tuple(_shared(first, run) for run in others),
        tuple(_shared(first, run, part="test") for run in others),
        tuple(differences),
        _options(runs),
        tuple(_notes(runs, differences)),
    )


def _shared(first: ComparedRun, run: ComparedRun, *, part: str = "") -> SharedImages | None:
    if first.split is None or run.split is None:
        return None
    tables = [each[each["part"] == part] if part else each for each in (first.split, run.split)]
    return shared_images(*tables)


def _options(runs: Sequence[ComparedRun]) -> dict[str, tuple[Any, ...]]:
    """Return the arguments that differ between the runs that kept them."""
    kept = [run.file.arguments if run.file is not None else {} for run in runs]
    known = [arguments for arguments in kept if arguments]
    names = sorted({name for arguments in known for name in arguments} - set(NO_DIFFERENCES))
    return {
        name: tuple(arguments.get(name) for arguments in kept)
        for name in names
        if any(arguments.get(name) != known[0].get(name) for arguments in known)
    }


def _notes(runs: Sequence[ComparedRun], differences: Sequence[Difference]) -> list[str]:
    notes = list(_repeated(runs))
    notes += [
        f"{run.shown} was ended early; its best model until then was tested."
        for run in runs
        if run.state == "interrupted"
    ]
    notes += [note for each in differences for note in each.notes]
    notes += [
        f"{run.shown}: {format.sentence(warning)}" for run in runs for warning in run.report.verdict.warnings
    ]
    compared_by_image = sum(each.gain is not None for each in differences)
    if compared_by_image > 1:
        notes.append(
            f"Each interval holds for one difference alone. The {compared_by_image} p-values are corrected "
            "by Holm's procedure."
        )
    if compared_by_image:
        notes.append(
            "The differences hold for the delivered models: another seed gives other models. If a run is "
            "chosen by its test score, this score is optimistic."
        )
    return notes


def _repeated(runs: Sequence[ComparedRun]) -> Iterator[str]:
    """Yield a note for each run that was given before."""
    folders: dict[Path, ComparedRun] = {}
    names: dict[str, ComparedRun] = {}
    for run in runs:
        path = run.folder.resolve()
        name = run.file.name if run.file is not None and run.file.name else str(path)
        if path in folders:
            yield f"{folders[path].shown} and {run.shown} are the same run."
        elif name in names:  # copies of a run folder keep the unique name of the run
            yield f"{run.shown} is a copy of {names[name].shown}, which may have been resumed since."
        folders.setdefault(path, run)
        names.setdefault(name, run)
