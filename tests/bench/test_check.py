"""Check that changed, missing and wrongly selected rows are found and named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autotl import bench
from autotl.bench import split as splits
from autotl.errors import BenchError
from autotl.leaderboard import Row

Honest = tuple[bench.Suite, list[Row]]
POOL = [(f"{i:05d}", "abcd"[i % 4], None) for i in range(4000)]


@pytest.fixture
def honest(guessing: Callable[..., bench.Suite]) -> Honest:
    """Return a suite with its splits, and correct rows of two strategies and a peer."""
    suite = guessing()
    rows = []
    for dataset in ("shapes", "colours"):
        for seed in suite.seeds:
            split = splits.make(POOL, shots=200, seed=seed)
            splits.write(suite.splits / splits.file_name(dataset, shots=5, seed=seed), split)
            for entrant in ("probe", "finetune", "guess"):
                rows.append(row_of(suite, dataset, seed, entrant, split))
    return suite, rows


def row_of(suite: bench.Suite, dataset: str, seed: int, entrant: str, split: splits.Split) -> Row:
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(split.count("test"), 4)).astype(np.float32)
    logits[np.arange(len(logits)), split.labels] += 1
    trials = tuple({"params": {"lr": 10.0**-i}, "val": 0.5 - 0.01 * i} for i in range(4))
    return Row(
        suite=suite.name,
        dataset=dataset,
        shots=5,
        backbone="tiny",
        entrant=entrant,
        kind="peer" if entrant == "guess" else "strategy",
        family="frozen",
        seed=seed,
        budget_seconds=2.0,
        status="ok",
        error="",
        plugin="autotl",
        version="0.1.0",
        split=split.hash,
        n_train=split.count("train"),
        n_test=split.count("test"),
        n_classes=4,
        image_side=32,
        likeness=0.5,
        metric="accuracy",
        val=0.5,
        test=float((logits.argmax(1) == split.labels).mean()),
        params={"lr": 1.0},
        trials=trials,
        chosen=0,
        seconds=3.0,
        flops=1e6,
        peak_memory_mb=100.0,
        machine="a machine",
        threads=1,
        device="cpu",
        versions={"python": "3.11"},
        command="python",
        created="2026-01-01T00:00:00+00:00",
        notes=(),
        logits=logits,
    ).sealed()


def first(rows: Sequence[Row], **changes: Any) -> list[Row]:
    """Return the rows with a change of the first one and a new seal."""
    return [replace(rows[0], **changes).sealed(), *rows[1:]]


def test_correct_rows_pass(honest: Honest) -> None:
    suite, rows = honest
    assert bench.check(rows, suite=suite.path) == []


def test_a_failed_row_passes(honest: Honest) -> None:
    suite, rows = honest
    nothing: dict[str, Any] = {"test": None, "val": None, "logits": None, "trials": (), "chosen": None}
    failed = first(rows, status="failed", error="no luck", **nothing)
    assert bench.check(failed, suite=suite.path) == []


def test_a_row_without_validation_score_passes(honest: Honest) -> None:
    suite, rows = honest
    place = next(i for i, row in enumerate(rows) if row.kind == "peer")
    rows[place] = replace(rows[place], val=None, trials=({"params": {}, "val": None},)).sealed()
    assert bench.check(rows, suite=suite.path) == []


def test_a_choice_within_the_error_passes(honest: Honest) -> None:
    suite, rows = honest
    assert bench.check(first(rows, chosen=3, val=0.5 - 0.03), suite=suite.path) == []


def corrected(row: Row, labels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return the logits with one wrong prediction corrected."""
    assert row.logits is not None
    logits = row.logits.copy()
    wrong = int(np.flatnonzero(logits.argmax(1) != labels)[0])
    logits[wrong, labels[wrong]] = 99
    return logits


LABELS = splits.make(POOL, shots=200, seed=0).labels
EDITS: dict[str, tuple[Callable[[list[Row]], list[Row]], str]] = {
    "score raised": (lambda rows: [replace(rows[0], test=0.999), *rows[1:]], "seal"),
    "score raised, sealed again": (lambda rows: first(rows, test=0.999), "its logits score"),
    "an answer corrected": (
        lambda rows: [replace(rows[0], logits=corrected(rows[0], LABELS)), *rows[1:]],
        "seal",
    ),
    "logits taken away": (lambda rows: first(rows, logits=None), "no finite logits"),
    "logits that are no numbers": (
        lambda rows: first(rows, logits=np.full_like(rows[0].logits, np.nan)),
        "no finite logits",
    ),
    "another split": (lambda rows: first(rows, split="0" * 32), "another split"),
    "easier test images": (lambda rows: first(rows, n_test=10), "numbers of images"),
    "more training images": (lambda rows: first(rows, n_train=900), "numbers of images"),
    "a bad seed left out": (lambda rows: rows[1:], "seeds 0 are missing"),
    "a bad data set left out": (
        lambda rows: [row for row in rows if (row.entrant, row.dataset) != ("probe", "colours")],
        "no row on colours",
    ),
    "the better of two runs": (
        lambda rows: [*rows, replace(rows[0], created="later").sealed()],
        "2 rows for one measurement",
    ),
    "chosen by the test part": (
        lambda rows: first(
            rows, chosen=3, val=0.1, trials=(*rows[0].trials[:3], {"params": {"lr": 0.001}, "val": 0.1})
        ),
        "not chosen by validation",
    ),
    "validation score of another trial": (
        lambda rows: first(rows, val=0.9),
        "differs from that of the selected trial",
    ),
    "trials hidden": (lambda rows: first(rows, trials=(), chosen=None), "lists no trials"),
    "the selected trial missing": (lambda rows: first(rows, chosen=None), "does not name the selected trial"),
    "no version": (lambda rows: first(rows, version=""), "its versions"),
    "a new version where it pays": (lambda rows: first(rows, version="0.2.0"), "several versions"),
    "another budget": (lambda rows: first(rows, budget_seconds=600.0), "no budget of 600 s"),
    "another metric": (lambda rows: first(rows, metric="macro_f1"), "metric is macro_f1"),
    "another seed": (lambda rows: first(rows, seed=7), "no such data set, shots or seed"),
    "out of time": (lambda rows: first(rows, seconds=9000.0), "more than the runner allows"),
    "a failure with a score": (
        lambda rows: first(rows, status="failed", error="x"),
        "has a score or no reason",
    ),
    "suites mixed": (lambda rows: first(rows, suite="smoke"), "mixed"),
}


@pytest.mark.parametrize("kind", EDITS)
def test_tampering_is_found(honest: Honest, kind: str) -> None:
    suite, rows = honest
    edit, said = EDITS[kind]
    faults = bench.check(edit(list(rows)), suite=suite.path)
    assert any(said in fault for fault in faults), faults


def test_an_error_names_the_row(honest: Honest) -> None:
    suite, rows = honest
    (fault,) = bench.check(first(rows, test=0.999), suite=suite.path)
    assert fault.startswith("probe on shapes, tiny, seed 0, 2 s: ")


def test_no_rows_are_an_error(honest: Honest) -> None:
    assert bench.check([], suite=honest[0].path) == ["There are no rows."]


def test_missing_split_files_are_an_error(honest: Honest) -> None:
    suite, rows = honest
    for path in suite.splits.iterdir():
        path.unlink()
    with pytest.raises(BenchError, match="no split files"):
        bench.check(rows, suite=suite.path)
