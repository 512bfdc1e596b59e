"""Collect the caveats of a leaderboard: failures, coverage, machines and versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autotl.leaderboard.rows.cases import case_labels
from autotl.leaderboard.rows.pivot import Grid, has_score
from autotl.leaderboard.rows.row import Row
from autotl.report.format import listing

_SHORT = 18  # characters of a revision on a page: enough to tell two apart
LATE_FACTOR = 1.1
"""The time of a late row, as a multiple of its budget."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The failures of an entrant with one error.

    Attributes:
        entrant: Name of the entrant.
        error: The error.
        rows: Number of rows.
        cases: Names of their cases.
    """

    entrant: str
    error: str
    rows: int
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """The blocks that an entrant did not run in.

    Attributes:
        entrant: Name of the entrant.
        blocks: Number of missing blocks.
        cases: Names of their cases.
    """

    entrant: str
    blocks: int
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Caveats:
    """Failures, missing blocks and the origin of the rows.

    Values are sorted by frequency. If there is more than one, each has its number of rows.

    Attributes:
        failures: Failures by entrant and error.
        missing: Entrants that did not run in every block.
        late: Number of rows that took at least 10 % more than their budget.
        suites: Names of the suites.
        machines: Descriptions of the machines.
        devices: Devices.
        threads: Numbers of threads.
        plugins: Distributions of the entrants with versions and revisions.
        versions: Packages with versions.
        notes: Remarks of the entrants.
        created: Times of the first and the last row.
    """

    failures: tuple[Failure, ...]
    missing: tuple[Missing, ...]
    late: int
    suites: tuple[str, ...]
    machines: tuple[str, ...]
    devices: tuple[str, ...]
    threads: tuple[str, ...]
    plugins: tuple[str, ...]
    versions: tuple[str, ...]
    notes: tuple[str, ...]
    created: tuple[str, str]


def caveats(grid: Grid) -> Caveats:
    """Return the caveats of all rows."""
    rows = [row for line in grid.rows for row in line if row is not None]
    created = sorted(row.created for row in rows if row.created)
    return Caveats(
        failures=_failures(grid),
        missing=_missing(grid),
        late=sum(row.seconds > LATE_FACTOR * row.budget_seconds > 0 for row in rows),
        suites=_counted(row.suite for row in rows),
        machines=_counted(row.machine for row in rows),
        devices=_counted(row.device for row in rows),
        threads=_counted(str(row.threads) for row in rows),
        plugins=_counted(_distribution(row) for row in rows),
        versions=_versions(rows),
        notes=_counted(note for row in rows for note in row.notes),
        created=(created[0], created[-1]) if created else ("", ""),
    )


def _failures(grid: Grid) -> tuple[Failure, ...]:
    names = _names(grid)
    found: dict[tuple[str, str], list[str]] = {}
    for name, line in zip(names, grid.rows, strict=True):
        for row in line:
            if row is not None and not has_score(row):
                found.setdefault((row.entrant, row.error or "no reason given"), []).append(name)
    return tuple(
        Failure(entrant, error, len(cases), tuple(dict.fromkeys(cases)))
        for (entrant, error), cases in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    )


def _missing(grid: Grid) -> tuple[Missing, ...]:
    names = _names(grid)
    found = []
    for i, entrant in enumerate(grid.entrants):
        absent = [name for name, present in zip(names, grid.present[:, i], strict=True) if not present]
        if absent:
            found.append(Missing(entrant, len(absent), tuple(dict.fromkeys(absent))))
    return tuple(sorted(found, key=lambda each: (-each.blocks, each.entrant)))


def _versions(rows: Sequence[Row]) -> tuple[str, ...]:
    packages = sorted({name for row in rows for name in row.versions})
    return tuple(
        f"{name} {listing(_counted(str(row.versions[name]) for row in rows if name in row.versions))}"
        for name in packages
    )


def _distribution(row: Row) -> str:
    revision = f" ({row.revision[:_SHORT]})" if row.revision else ""
    return f"{row.plugin} {row.version}{revision}"


def _names(grid: Grid) -> list[str]:
    return case_labels([block.case for block in grid.blocks])


def _counted(values: Iterable[str]) -> tuple[str, ...]:
    counts = Counter(value for value in values if value.strip())
    return tuple(
        f"{value} ({rows:,} {'row' if rows == 1 else 'rows'})" if len(counts) > 1 else value
        for value, rows in counts.most_common()
    )
