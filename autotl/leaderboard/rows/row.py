"""One measurement of a benchmark: an entrant on a data set, with everything needed to check it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Status = Literal["ok", "failed"]
Kind = Literal["strategy", "default", "autotl", "selector", "peer"]

KEY = ("suite", "dataset", "shots", "backbone", "entrant", "seed", "budget_seconds")
"""What tells two measurements of one suite apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One entrant on one data set, backbone, seed and budget.

    ``entrant`` is a strategy searched on its own ("finetune"), one with its default settings alone
    ("finetune@default"), "autotl" itself, another search over all strategies (a "selector"), or a peer;
    ``kind`` says which. ``family`` is what the entrant (of
    several strategies: the chosen one) does with the source's weights: "as is", "frozen", "partly frozen",
    "fine-tuned", "scratch", or "other". ``shots`` is the number of training images per class, 0 for all.
    ``budget_seconds`` was asked for; ``seconds`` is what a user waited, from the start of the process to its
    end. ``n_train`` counts the images that an entrant may learn from, ``split`` names the images of both
    parts by their content. ``likeness`` places the training images between noise (0) and the backbone's
    source (1).

    ``trials`` are the settings tried with their validation scores, in order, and ``chosen`` is the index of
    the one that was kept; ``val`` is its score, higher being better. ``test`` is computed from ``logits``
    (float32, test images × classes, in the order of the split file and of its sorted classes) by ``metric``.
    ``flops`` are multiply-adds of the delivered network for one image. A failed row has a reason in ``error``
    and neither scores nor logits. ``seal`` is :func:`seal` of everything else.
    """

    suite: str
    dataset: str
    shots: int
    backbone: str
    entrant: str
    kind: Kind
    family: str
    seed: int
    budget_seconds: float
    status: Status
    error: str
    plugin: str
    version: str
    split: str
    n_train: int
    n_test: int
    n_classes: int
    image_side: int
    likeness: float | None
    metric: str
    val: float | None
    test: float | None
    params: Mapping[str, Any]
    trials: tuple[Mapping[str, Any], ...]
    chosen: int | None
    seconds: float
    flops: float | None
    peak_memory_mb: float | None
    machine: str
    threads: int
    device: str
    versions: Mapping[str, str]
    command: str
    created: str
    notes: tuple[str, ...]
    logits: NDArray[np.float32] | None
    seal: str = ""

    @property
    def key(self) -> tuple[Any, ...]:
        """The values of :data:`KEY`."""
        return tuple(getattr(self, name) for name in KEY)

    def sealed(self) -> Row:
        """The same row with its seal."""
        return dataclasses.replace(self, seal=seal(self))


def seal(row: Row) -> str:
    """A digest of the row's content: shows an edit, but proves no origin (anyone can seal)."""
    digest = hashlib.blake2b(digest_size=16)
    for field in dataclasses.fields(row):
        if field.name in ("seal", "logits"):
            continue
        value = json.dumps(getattr(row, field.name), sort_keys=True, ensure_ascii=False, default=dict)
        digest.update(f"{field.name}={value}\n".encode())
    if row.logits is not None:
        digest.update(str(row.logits.shape).encode() + np.ascontiguousarray(row.logits, "<f4").tobytes())
    return digest.hexdigest()
