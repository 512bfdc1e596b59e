"""What a reader must know before trusting a board: failures, coverage, machines, versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autotl.leaderboard.rows.cases import label
from autotl.leaderboard.rows.pivot import Grid, has_score
from autotl.leaderboard.rows.row import Row
from autotl.report.format import listing


@dataclass(frozen=True, slots=True)
class Failure:
    """A reason for failing, and the rows of an entrant that failed for it."""

    entrant: str
    error: str
    rows: int
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """An entrant that did not run in every block, and the cases in which it lacks a seed."""

    entrant: str
    blocks: int
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Caveats:
    """What failed, what is missing, and what the rows were measured on.

    ``late`` counts rows that took a tenth longer than their budget, or more. ``suites`` to ``notes`` are all
    that occurs, the commonest first, with the number of rows where that is not one; ``created`` is the first
    and the last row's time.
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


def caveats(laid: Grid) -> Caveats:
    """The caveats of all rows."""
    rows = [row for line in laid.rows for row in line if row is not None]
    created = sorted(row.created for row in rows if row.created)
    return Caveats(
        failures=_failures(laid),
        missing=_missing(laid),
        late=sum(row.seconds > 1.1 * row.budget_seconds > 0 for row in rows),
        suites=_counted(row.suite for row in rows),
        machines=_counted(row.machine for row in rows),
        devices=_counted(row.device for row in rows),
        threads=_counted(str(row.threads) for row in rows),
        plugins=_counted(f"{row.plugin} {row.version}" for row in rows),
        versions=_versions(rows),
        notes=_counted(note for row in rows for note in row.notes),
        created=(created[0], created[-1]) if created else ("", ""),
    )


def _failures(laid: Grid) -> tuple[Failure, ...]:
    names = _names(laid)
    found: dict[tuple[str, str], list[str]] = {}
    for name, line in zip(names, laid.rows, strict=True):
        for row in line:
            if row is not None and not has_score(row):
                found.setdefault((row.entrant, row.error or "no reason given"), []).append(name)
    return tuple(
        Failure(entrant, error, len(cases), tuple(dict.fromkeys(cases)))
        for (entrant, error), cases in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    )


def _missing(laid: Grid) -> tuple[Missing, ...]:
    names = _names(laid)
    found = []
    for i, entrant in enumerate(laid.entrants):
        absent = [name for name, here in zip(names, laid.present[:, i], strict=True) if not here]
        if absent:
            found.append(Missing(entrant, len(absent), tuple(dict.fromkeys(absent))))
    return tuple(sorted(found, key=lambda each: (-each.blocks, each.entrant)))


def _versions(rows: Sequence[Row]) -> tuple[str, ...]:
    packages = sorted({name for row in rows for name in row.versions})
    return tuple(
        f"{name} {listing(_counted(str(row.versions[name]) for row in rows if name in row.versions))}"
        for name in packages
    )


def _names(laid: Grid) -> list[str]:
    return label([block.case for block in laid.blocks])


def _counted(values: Iterable[str]) -> tuple[str, ...]:
    counts = Counter(value for value in values if value.strip())
    return tuple(
        f"{value} ({rows:,} {'row' if rows == 1 else 'rows'})" if len(counts) > 1 else value
        for value, rows in counts.most_common()
    )
