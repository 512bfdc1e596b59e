"""Print how the prose of the repository measures up, and each sentence to mend.

    python -m tests.prose [--lower | AREA | FOLDER | FILE ...]

Without arguments: the table of all areas. With areas, folders or files: their findings too. ``--lower``
lowers the bounds in ``bounds.toml`` to the measured values.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.prose.areas import BOUNDS, OVERALL, RATES, areas, lowered, measured
from tests.prose.measure import Measures, measure, total

HEADS = ("phrases / 1,000 words", "long %", "openers %", "summaries > 12", "no Args", "no Attributes")


def table(found: dict[str, Measures]) -> str:
    """Return the measures as a table of text, an area a row."""
    rows: list[tuple[str, ...]] = [("area", "words", *HEADS)]
    for name, each in found.items():
        rates = each.rates()
        values = [f"{rates[rate]:.1f}" if rate in RATES[:3] else f"{rates[rate]:.0f}" for rate in RATES]
        rows.append((name, str(each.words), *values))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            [
                row[0].ljust(widths[0]),
                *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
            ]
        )
        for row in rows
    )


def main(arguments: list[str]) -> None:
    """Print the table and, for named areas and files, the findings."""
    names = [each.rstrip("/") for each in arguments if not each.startswith("-")]
    if names:
        found = {name: _named(name) for name in names}
        for each in found.values():
            print("".join(f"{finding}\n" for finding in each.findings), end="")
    else:
        found = measured()
        found[OVERALL] = total(found.values())
        if "--lower" in arguments:
            BOUNDS.write_text(lowered(found), encoding="utf-8")
    print(table(found))


def _named(name: str) -> Measures:
    """Return the measures of an area, a folder or a file."""
    path = Path(name)
    files = sorted([*path.rglob("*.py"), *path.rglob("*.md")]) if path.is_dir() else [path]
    return measure(areas().get(name, files), forms=name.startswith("autotl"))


if __name__ == "__main__":
    main(sys.argv[1:])
