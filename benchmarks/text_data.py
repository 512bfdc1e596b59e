"""Make the tables of the suite ``text`` from clones of their repositories.

python -m benchmarks.text_data TABLES --clones FOLDER [--only NAME]
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from autotl.bench.data_sets.index import write_table
from autotl.bench.suite import SUITES_FOLDER
from autotl.data import text_digest
from benchmarks.public_data import Source, clone

MAX_BYTES = 20_000_000
"""The size of a file above which it holds no table of short texts."""
BANKING = Source("PolyAI-LDN/task-specific-datasets", "57ec275d80")
SENTENCES = Source("harvardnlp/sent-conv-torch", "d61ded09c9")
SOURCES: Mapping[str, Source] = {
    "banking77": BANKING,
    "questions": SENTENCES,
    "movie_reviews": SENTENCES,
    "product_reviews": SENTENCES,
}
"""The origin of each data set."""


def build(name: str, clone: Path, tables: Path) -> tuple[int, int]:
    """Write the table of a data set, and return the texts found and the texts required.

    The split file names each text by the digest of its words, so the layout of the clone does not matter.
    Nothing is written if a text is missing.

    Args:
        name: Name of the data set.
        clone: Folder with the files of its repository.
        tables: Folder for ``NAME.csv``.
    """
    places: dict[str, list[tuple[str, str]]] = defaultdict(list)
    with (SUITES_FOLDER / "splits" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            places[row["digest"]].append((row["label"], row["part"]))
    found: dict[str, str] = {}
    for text in _texts(clone):
        if (digest := text_digest(text)) in places:
            found.setdefault(digest, text)
    if len(found) == len(places):
        rows = [(text, *place) for digest, text in sorted(found.items()) for place in places[digest]]
        write_table(tables / f"{name}.csv", ("text", "label", "part"), rows)
    return len(found), len(places)


def _texts(clone: Path) -> Iterator[str]:
    """Yield each line of a clone, without its label too, and the first cells of its tables.

    White space is folded, and a label is the first word of a line.
    """
    for path in sorted(clone.rglob("*")):
        if ".git" in path.parts or not path.is_file() or path.stat().st_size > MAX_BYTES:
            continue
        content = path.read_bytes()
        try:
            text = content.decode()
        except UnicodeDecodeError:
            text = content.decode("latin-1")
        if path.suffix == ".csv":
            yield from (" ".join(row[0].split()) for row in csv.reader(text.splitlines()) if row)
            continue
        for line in text.splitlines():  # the splits were made so: U+0085 ends a line too
            words = line.split()
            yield from (" ".join(words[start:]) for start in (0, 1) if words[start:])


def main(arguments: list[str]) -> int:
    """Make the tables, and return 1 if a text is missing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.text_data", description=__doc__)
    parser.add_argument("tables", type=Path, help="the folder for the tables")
    parser.add_argument("--clones", type=Path, required=True, help="the folder of clones")
    parser.add_argument("--only", action="append", choices=sorted(SOURCES), help="only this data set")
    given = parser.parse_args(arguments)
    given.tables.mkdir(parents=True, exist_ok=True)
    incomplete = 0
    for name in given.only or SOURCES:
        folder = given.clones / SOURCES[name].repository.partition("/")[2]
        clone(SOURCES[name], folder)
        found, required = build(name, folder, given.tables)
        incomplete += found < required
        print(f"{name}: {found} of {required} texts{'' if found == required else '; no table was written'}")
    return 1 if incomplete else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
