"""Read the messages of customers that come with autotl."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("messages.csv")


def customer_messages(each: int | None = None, *, seed: int = 0) -> tuple[list[str], list[str]]:
    """Return the texts and their classes, in random order.

    They are short English sentences, 40 of each of six classes, written for this project. The same arguments
    give the same messages.

    >>> texts, labels = customer_messages(2)
    >>> len(texts), len(set(labels))
    (12, 6)

    Args:
        each: Messages of each class, from 1 to 40; None for all.
        seed: Seed of the order and of the choice.
    """
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = [(row["text"], row["label"]) for row in csv.DictReader(file)]
    counts: dict[str, int] = defaultdict(int)
    texts, labels = list[str](), list[str]()
    for number in np.random.default_rng(seed).permutation(len(rows)).tolist():
        text, label = rows[number]
        counts[label] += 1
        if each is None or counts[label] <= each:
            texts.append(text)
            labels.append(label)
    return texts, labels
