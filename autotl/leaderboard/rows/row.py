"""A measurement of a benchmark: an entrant on a data set.

It contains everything needed to check it.
"""

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

    from autotl.api import TargetKind

Status = Literal["ok", "failed"]
Kind = Literal["strategy", "default", "autotl", "selector", "peer"]

ADDED = ("revision", "image_size", "target", "contributions", "adaptation")
"""Columns that older files lack; a seal leaves them out if they have their default."""
KEY = ("suite", "dataset", "shots", "backbone", "entrant", "seed", "budget_seconds")
"""The columns that identify a measurement."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """The result of an entrant on one data set.

    It is for one backbone, seed and budget.

    Attributes:
        suite: Name of the suite.
        dataset: Name of the data set.
        shots: Training images per class; 0 for all.
        backbone: Name of the backbone.
        entrant: Name of the entrant, such as "finetune", "finetune@default" or "autotl".
        kind: Kind of the entrant: a searched strategy, a strategy with default settings, autotl, another
            search over all strategies ("selector"), or another tool ("peer").
        family: Use of the source's weights by the chosen strategy: "as is", "frozen", "partly frozen",
            "fine-tuned", "scratch" or "other".
        seed: Seed of split and entrant.
        budget_seconds: Time budget.
        status: "ok" or "failed".
        error: Reason of a failure; empty if there is none.
        plugin: Distribution of the entrant.
        version: Version of the distribution.
        split: Hash of the split, which depends on the content of the images.
        n_train: Number of images that the entrant may learn from.
        n_test: Number of test images.
        n_classes: Number of classes, labels or numbers.
        image_side: Input size in pixels; 0 if unknown.
        likeness: Similarity of the training images to the source data, from 0 (noise) to 1; None if unknown.
        metric: Name of the metric.
        val: Validation score of the chosen trial, negated if lower is better; None if unknown.
        test: Test score by ``metric``, computed from ``logits``; None if it failed.
        params: Settings of the delivered model.
        trials: Settings and validation score of each trial, in order.
        chosen: Index of the chosen trial; None if unknown.
        seconds: Wall-clock time from start to end of the process.
        flops: Multiply-adds of the delivered network for one image; None if unknown.
        peak_memory_mb: Peak memory in MiB; None if unknown.
        machine: Description of the machine.
        threads: Number of threads.
        device: Device, such as "cpu".
        versions: Versions of packages, and the git commit of the entrant's distribution if it is known.
        command: The command that was run.
        created: Time of the measurement, in ISO 8601.
        notes: Remarks of the entrant.
        logits: Logits of the test images, float32 (n_test, n_classes), in the order of the split file and of
            its sorted classes; None if it failed. If images have numbers, predictions in the user's units.
        seal: :func:`seal` of all other fields.
        revision: Hash of the files of the entrant's distribution; empty if unknown. Older rows may have a git
            commit.
        image_size: Input size in pixels that the suite sets for all entrants; 0 if each chooses its own, None
            in rows of older versions.
        target: Kind of target, as :data:`autotl.api.TargetKind`.
        contributions: Contribution of each set of additional images in the report of the entrant: "role",
            "strategy", "compared_with", "gain", "low" and "high" of its 95 % interval, and so on.
        adaptation: Decision on adapting to the place of use in the report of the entrant: "chosen", "reason",
            the true scores "unadapted" and "delivered", and so on; None without images of that place.
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
    revision: str = ""
    image_size: int | None = None
    target: TargetKind = "single_label"
    contributions: tuple[Mapping[str, Any], ...] = ()
    adaptation: Mapping[str, Any] | None = None

    @property
    def key(self) -> tuple[Any, ...]:
        """The values of :data:`KEY`, which identify the measurement."""
        return tuple(getattr(self, name) for name in KEY)

    def sealed(self) -> Row:
        """Return the row with its seal."""
        return dataclasses.replace(self, seal=seal(self))


def seal(row: Row) -> str:
    """Return a digest of the row's content.

    It shows edits but not the author.
    """
    digest = hashlib.blake2b(digest_size=16)
    for field in dataclasses.fields(row):
        found = getattr(row, field.name)
        if field.name in ("seal", "logits") or (field.name in ADDED and found == field.default):
            continue
        value = json.dumps(found, sort_keys=True, ensure_ascii=False, default=dict)
        digest.update(f"{field.name}={value}\n".encode())
    if row.logits is not None:
        digest.update(str(row.logits.shape).encode() + np.ascontiguousarray(row.logits, "<f4").tobytes())
    return digest.hexdigest()
