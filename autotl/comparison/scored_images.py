"""Find the digest of each test image with a prediction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from autotl.comparison.compared_run import ComparedRun
from autotl.comparison.split_table import SPLIT_FILE, readable
from autotl.results.by_target.mistakes import read_answers

TEST_FILE = "test.csv"


@dataclass(frozen=True, slots=True)
class NotCompared:
    """The reason why two runs cannot be compared by image.

    It is a part of a sentence.
    """

    why: str


@dataclass(frozen=True, slots=True)
class ScoredImages:
    """The scored test images of a run, sorted by digest.

    There are n digests, and ``answers`` has a row of ``test.csv`` for each. If the time was short, a run
    scores a part of its test part, drawn at random.
    """

    digests: tuple[str, ...]
    answers: pd.DataFrame

    def part(self, rows: Sequence[int]) -> ScoredImages:
        """Return some rows."""
        answers = self.answers.iloc[list(rows)].reset_index(drop=True)
        return ScoredImages(tuple(self.digests[row] for row in rows), answers)


def scored_images(run: ComparedRun) -> ScoredImages | NotCompared:
    """Return the test images of a run with its predictions.

    Raises:
        RunError: A table is damaged.
    """
    if run.state == "not finished":
        return NotCompared(f"{run.shown} is not finished")
    if not (run.folder / TEST_FILE).is_file():
        return NotCompared(f"{run.shown} has no {TEST_FILE} with predictions of test images")
    if run.split is None:
        return NotCompared(f"{run.shown} has no {SPLIT_FILE} with the digests of its images")
    with readable(run.folder / TEST_FILE):
        answers = read_answers(run.folder)
        keys = numbered(answers["item"])
    test = run.split[run.split["part"] == "test"]
    known = {
        key: (digest, target)
        for key, digest, target in zip(numbered(test["item"]), test["digest"], test["target"], strict=True)
    }
    repeated = len(set(test["item"])) < len(test)  # then names alone do not show which images were left out
    if not keys or not known.keys() >= set(keys) or (repeated and len(keys) < len(known)):
        return NotCompared(f"{TEST_FILE} and {SPLIT_FILE} of {run.shown} list different test images")
    order = sorted(range(len(keys)), key=lambda row: (*known[keys[row]], keys[row]))
    digests = tuple(known[keys[row]][0] for row in order)
    return ScoredImages(digests, answers.iloc[order].reset_index(drop=True))


def numbered(items: Iterable[str]) -> list[tuple[str, int]]:
    """Return texts with a number, by which equal texts differ."""
    seen: Counter[str] = Counter()
    found = []
    for item in items:
        found.append((item, seen[item]))
        seen[item] += 1
    return found
