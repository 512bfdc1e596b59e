"""Run folders with a report and tables, without a run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from autotl import jsonio
from autotl.api import Dataset, Fold, Splits, TargetSpec
from autotl.api.dataset import target_columns
from autotl.evaluation import FinalPredictions, evaluate
from autotl.results import RunFile, answer_table, write_predictions, write_run_file, write_split
from autotl.targets import target_of

SAMPLE = Path(__file__).parents[1] / "report" / "sample.json"
CLASSES = TargetSpec("single_label", ("cat", "dog", "emu"))
TRAIN = 6
"""Training images before the test images."""


def unopened() -> Any:
    raise AssertionError("a comparison opens no images")


def save_run(
    folder: Path,
    targets: Any,
    outputs: Any,
    *,
    spec: TargetSpec = CLASSES,
    digests: Sequence[str] = (),
    items: Sequence[str] = (),
    metric: str = "",
    scored: Sequence[int] = (),
    **parts: Any,
) -> Path:
    """Write the folder of a finished run, and return it.

    Args:
        folder: The new folder.
        targets: Encoded targets of the test images.
        outputs: The model's outputs for them.
        spec: The target.
        digests: The test images' digests; by default numbered.
        items: Their names; by default numbered.
        metric: The metric; by default that of the target.
        scored: The test images that the run scored; by default all.
        **parts: Other parts of ``report.json``, and ``arguments`` of ``run.json``.
    """
    folder.mkdir(parents=True)
    target, outputs = target_of(spec), np.asarray(outputs, dtype=np.float32)
    known = np.asarray(targets, dtype=np.int64 if spec.kind == "single_label" else np.float32)
    count = len(known)
    dataset = _dataset(
        spec,
        np.concatenate([known[np.arange(TRAIN) % count], known]),
        digests or [f"{number:032x}" for number in range(count)],
        items or [f"{number}.jpg" for number in range(count)],
    )
    part = np.array(scored or range(count))
    train, rows = np.arange(TRAIN), part + TRAIN
    splits = Splits(train, np.arange(TRAIN, TRAIN + count), (Fold(train[:3], train[3:]),), "holdout", "hash")
    write_split(folder / "split.csv", dataset, splits)
    write_predictions(folder / "test.csv", answer_table(dataset, FinalPredictions(rows, outputs[part])), spec)
    scores = evaluate(known[part], outputs[part], target, metric=metric or target.default_metric, seed=0)
    report = json.loads(SAMPLE.read_text(encoding="utf-8"))
    arguments = parts.pop("arguments", {})
    report |= {"target": {"kind": spec.kind, "names": spec.names}, "classes": spec.names}
    jsonio.write(folder / "report.json", report | {"test": _plain(scores.document())} | parts)
    write_run_file(folder, RunFile(arguments, "0", {}, ended="finished", name=str(folder)))
    return folder


def _plain(test: dict[str, Any]) -> dict[str, Any]:
    """Leave out the scores of each class, whose keys a report renames."""
    return test | dict.fromkeys(("per_class", "per_label", "per_column"), ())


def _dataset(spec: TargetSpec, targets: Any, digests: Sequence[str], items: Sequence[str]) -> Dataset:
    columns = target_columns(spec)
    encoded = targets.reshape(len(targets), -1)
    table = pd.DataFrame(
        {
            "item": [*(f"train/{number}.jpg" for number in range(TRAIN)), *items],
            "digest": [*(f"train {number}" for number in range(TRAIN)), *digests],
            **{name: encoded[:, place] for place, name in enumerate(columns)},
        }
    )
    return Dataset(table, [unopened] * len(table), spec, "digest")


def logits(answers: Sequence[int], *, classes: int = 3) -> Any:
    """Return outputs that are sure of these classes, (n, classes)."""
    return 4.0 * np.eye(classes, dtype=np.float32)[list(answers)]
