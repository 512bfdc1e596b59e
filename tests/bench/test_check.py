"""Check that changed, missing and wrongly selected rows are found and named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autotl import bench
from autotl.errors import BenchError
from autotl.leaderboard import Row
from tests.bench.honest_rows import LABELS, Honest, corrected


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


EDITS: dict[str, tuple[Callable[[list[Row]], list[Row]], str]] = {
    "score raised": (lambda rows: [replace(rows[0], test=0.999), *rows[1:]], "seal"),
    "score raised, sealed again": (lambda rows: first(rows, test=0.999), "its logits score"),
    "a score that is no number": (lambda rows: first(rows, test=float("nan")), "its logits score"),
    "a time that is no number": (lambda rows: first(rows, seconds=float("nan")), "the runner allows"),
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
        "probe has no row on colours",
    ),
    "a bad data set left out for all": (
        lambda rows: [row for row in rows if row.dataset != "colours"],
        "probe has no row on colours (5 shots, tiny, 2 s), but the suite has",
    ),
    "renamed to a new entrant": (
        lambda rows: [
            *rows,
            *(replace(row, entrant="mine").sealed() for row in rows if row.entrant == "probe"),
        ],
        "probe has the outputs of mine in 4 rows",
    ),
    "renamed with the settings of another strategy": (
        lambda rows: first(rows, params={"strategy": "finetune"}),
        "its settings are those of the strategy finetune, so it was renamed",
    ),
    "a plugin without its revision": (
        lambda rows: first(rows, revision=""),
        "does not name the revision of its plugin",
    ),
    "a plugin under the name of autotl": (
        lambda rows: first(rows, plugin="autotl", revision=""),
        "does not name the revision of its plugin",
    ),
    "a strategy as a peer": (
        lambda rows: first(rows, kind="peer", trials=(), chosen=None),
        "its kind is peer, but that of the entrant in the suite is strategy",
    ),
    "a peer as a strategy": (
        lambda rows: [*rows[:2], replace(rows[2], kind="strategy").sealed(), *rows[3:]],
        "its kind is strategy, but that of the entrant in the suite is peer",
    ),
    "a plugin changed between seeds": (
        lambda rows: first(rows, revision="git:0123"),
        "several versions: probe-plugin 0.1.0 (files:0), probe-plugin 0.1.0 (git:0123)",
    ),
    "another image size": (lambda rows: first(rows, image_size=224), "its image size is 224 px"),
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
    "another backbone": (lambda rows: first(rows, backbone="other"), "no backbone other"),
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


WIDER = {
    "budget": ('budgets = ["2s"]', 'budgets = ["2s", "9s"]', "(5 shots, tiny, 9 s)"),
    "backbone": ("[[backbone]]", '[[backbone]]\nname = "other"\n\n[[backbone]]', "(5 shots, other, 2 s)"),
    "number of shots": ("shots = [5]", "shots = [5, 0]", "(all images, tiny, 2 s)"),
}


@pytest.mark.parametrize("kind", WIDER)
def test_a_left_out_condition_is_found(honest: Honest, kind: str) -> None:
    suite, rows = honest
    old, new, shown = WIDER[kind]
    suite.path.write_text(suite.path.read_text().replace(old, new))
    faults = bench.check(rows, suite=suite.path)
    assert any(f"probe has no row on shapes {shown}, but the suite has" in fault for fault in faults), faults


def test_a_seed_of_another_backbone_does_not_count(honest: Honest) -> None:
    suite, rows = honest
    faults = bench.check(first(rows, backbone="other"), suite=suite.path)
    assert any("shapes (5 shots, tiny, 2 s): the seeds 0 are missing" in fault for fault in faults), faults


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
