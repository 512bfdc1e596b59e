"""Contents of report.json with numbers made up, for each kind of target and for difficult data."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from autotl import jsonio
from autotl.api import PredictionIntervals, TargetSpec
from autotl.evaluation import evaluate, reliability
from autotl.report.kinds.target_data import target_facts
from autotl.report.pictures.thumbnail import webp_thumbnail
from autotl.targets import target_of

SAMPLE = Path(__file__).parents[1] / "report" / "sample.json"
LABELS = TargetSpec("multi_label", ("cat", "dog", "hat<b>"))
NUMBERS = TargetSpec("regression", ("age", "height"), (40.0, 170.0), (10.0, 5.0))
HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
FOREIGN = "向日葵 🌻 دوار الشمس " + "x" * 120


def sample() -> dict[str, Any]:
    """Return the report of five classes of flowers."""
    found: dict[str, Any] = json.loads(SAMPLE.read_text(encoding="utf-8"))
    return found


def of_kind(
    document: dict[str, Any], spec: TargetSpec, truth: Any, outputs: Any, metric: str
) -> dict[str, Any]:
    """Return the document as the report of another kind of target.

    Args:
        document: A report on classes.
        spec: The target.
        truth: Encoded targets of the test images.
        outputs: Outputs of the model.
        metric: Name of the metric.
    """
    document, target = copy.deepcopy(document), target_of(spec)
    intervals = PredictionIntervals((5.0, 2.5), 0.9, 80) if spec.kind == "regression" else None
    found = evaluate(truth, outputs, target, metric=metric, seed=0, intervals=intervals)
    document["target"] = {"kind": spec.kind, "names": list(spec.names)}
    document["classes"] = list(spec.names)
    document["test"] = _named(jsonio.plain(found.document()))
    document["test"]["reliability"] = jsonio.plain(reliability(truth, outputs, target))
    document["when"] |= {
        "n_classes": len(spec.names),
        "transfer_gain": {
            "value": 3.2,
            "ci95": [2.5, 3.9],
            "baseline": "pixels trial 1",
            "metric": metric,
            "n": 90,
            "p": 0.001,
        },
        "negative_transfer_classes": [
            {"class": "age, lowest third (1 to 2)", "gain": -1.5, "ci95": [-2.0, -1.0]}
        ],
        "class_gains": [
            {"class": name, "gain": 0.1 * i - 0.05, "ci95": [0.1 * i - 0.2, 0.1 * i + 0.1]}
            for i, name in enumerate(spec.names)
        ],
    }
    document["how"]["intervals"] = jsonio.plain(intervals)
    document["quality"] |= {
        "targets": jsonio.plain(target_facts(spec, truth)),
        "label_issues": [],
        "imbalance": {"ratio": 3.0, "counts": {"cat": 30, "dog": 10}} if intervals is None else {},
    }
    return document


def labels(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document as a report on several labels."""
    rng = np.random.default_rng(0)
    truth = (rng.random((90, 3)) < (0.5, 0.3, 0.1)).astype(np.float32)
    outputs = (3 * truth - 1.5 + rng.normal(size=(90, 3))).astype(np.float32)
    return of_kind(document, LABELS, truth, outputs, "mean_average_precision")


def numbers(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document as a report on numbers."""
    rng = np.random.default_rng(0)
    standard = rng.normal(size=(90, 2)).astype(np.float32)
    truth = target_of(NUMBERS).predict(standard).astype(np.float32)
    outputs = (standard + 0.3 * rng.normal(size=(90, 2))).astype(np.float32)
    return of_kind(document, NUMBERS, truth, outputs, "mae")


def faulty(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with leaks, doubtful labels, copies, outliers and unreadable files."""
    document = copy.deepcopy(document)
    document["quality"] |= {
        "near_leakage": {"images": 15, "compared": 290, "examples": _pairs("leak", 8)},
        "near_duplicates": {"groups": 20, "images": 41, "conflicting": 0, "examples": _pairs("copy", 8)},
        "label_issues": [
            {"item": f"doubt_{i}.jpg", "given": "rose", "suggested": "tulip", "confidence": 0.02 * i}
            for i in range(41)
        ],
        "outliers": [{"item": f"outlier_{i}.jpg", "label": "daisy", "score": 9.0 - i} for i in range(3)],
        "unreadable": {f"tulip/broken_{i}.jpg": "truncated: 12 of 48 kB" for i in range(3)},
    }
    document["verdict"]["warnings"] = [
        "15 of 290 compared test images (5.2%) look like training images. Do not trust the test scores."
    ]
    items = [f"doubt_{i}.jpg" for i in range(12)] + [f"outlier_{i}.jpg" for i in range(3)]
    items += [name for pair in (*_pairs("leak", 8), *_pairs("copy", 8)) for name in pair]
    document["pictures"]["files"] |= {item: f"{i:016x}.webp" for i, item in enumerate(items)}
    return document


def hostile(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with names of classes and files that try to act, or are hard to lay out."""
    names = {"daisy": HOSTILE, "rose": FOREIGN, "tulip": "</text></svg>&amp;\u202e{{7*7}}"}
    renamed: dict[str, Any] = _renamed(faulty(document), names)
    return renamed


def many_classes(document: dict[str, Any], classes: int = 43) -> dict[str, Any]:
    """Return the document with this many classes of traffic signs."""
    document, rng = copy.deepcopy(document), np.random.default_rng(0)
    names = [f"{i:05} warning sign, variant {i % 7}" for i in range(classes)]
    truth = np.arange(30 * classes) % classes
    sure = rng.normal(size=(len(truth), classes)) + 3.5 * np.eye(classes)[truth]
    outputs = (sure + 1.5 * np.eye(classes)[(truth + 1) % classes]).astype(np.float32)
    target = target_of(TargetSpec("single_label", tuple(names)))
    found = evaluate(truth, outputs, target, metric="accuracy", seed=0)
    document["classes"], document["test"] = names, _named(jsonio.plain(found.document()))
    document["test"]["reliability"] = jsonio.plain(reliability(truth, outputs, target))
    document["test"]["reliability_before"] = jsonio.plain(reliability(truth, 2 * outputs, target))
    document["when"] |= {
        "n_classes": classes,
        "class_gains": [
            {"class": name, "gain": 0.02 * i - 0.2, "ci95": [0.02 * i - 0.4, 0.02 * i], "significant": i > 20}
            for i, name in enumerate(names)
        ],
    }
    document["quality"]["imbalance"] = {"ratio": 3.0, "counts": {n: 90 - i for i, n in enumerate(names)}}
    return document


def thumbnails(document: dict[str, Any], run: Path) -> None:
    """Write a coloured thumbnail for each picture of the document below the run folder."""
    (run / "pictures").mkdir(parents=True, exist_ok=True)
    for i, file in enumerate(document["pictures"]["files"].values()):
        image = Image.new("RGB", (96, 72), (60 + 37 * i % 190, 110, 220 - 29 * i % 190))
        (run / "pictures" / file).write_bytes(webp_thumbnail(image))


def _pairs(name: str, count: int) -> list[list[str]]:
    return [[f"{name}_{i}a.jpg", f"{name}_{i}b.jpg"] for i in range(count)]


def _named(test: dict[str, Any]) -> dict[str, Any]:
    for key, name in (("per_class", "class"), ("per_label", "label"), ("per_column", "column")):
        test[key] = [{name: each["name"], **each} for each in test[key]]
    return test


def _renamed(document: Any, names: dict[str, str]) -> Any:
    if isinstance(document, dict):
        return {names.get(key, key): _renamed(value, names) for key, value in document.items()}
    if isinstance(document, list):
        return [_renamed(value, names) for value in document]
    return names.get(document, document) if isinstance(document, str) else document
