"""Check that a file of results is compared with the published ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from autotl import bench
from autotl.bench.checking.published import copied_outputs
from autotl.errors import BenchError
from autotl.leaderboard import Row
from tests.bench.honest_rows import LABELS, Honest


def named(rows: Sequence[Row], entrant: str) -> list[Row]:
    return [row for row in rows if row.entrant == entrant]


@pytest.fixture
def parts(honest: Honest) -> tuple[bench.Suite, list[Row], list[Row]]:
    """Return a suite, the rows of a new entrant, and published rows of two others."""
    suite, rows = honest
    return suite, named(rows, "probe"), [row for row in rows if row.entrant != "probe"]


Parts = tuple[bench.Suite, list[Row], list[Row]]


def test_new_rows_pass_alone_and_beside_published_ones(parts: Parts) -> None:
    suite, mine, published = parts
    for rows in (mine, [*mine, *published], published):
        assert bench.check(rows, suite=suite.path, published=published) == []


def test_a_published_row_may_have_another_likeness(parts: Parts) -> None:
    suite, mine, published = parts
    assembled = [replace(row, likeness=0.7).sealed() for row in published]
    assert bench.check([*mine, *assembled], suite=suite.path, published=published) == []


def rival_lowered(mine: list[Row], published: list[Row]) -> list[Row]:
    """Give every test image of a rival the wrong class, and keep the score and the seal right."""
    rival = published[0]
    assert rival.logits is not None
    wrong = np.roll(np.eye(4, dtype=np.float32)[LABELS], 1, axis=1) + rival.logits / 100
    return [*mine, replace(rival, logits=wrong, test=0.0).sealed(), *published[1:]]


EDITS: dict[str, tuple[Callable[[list[Row], list[Row]], list[Row]], str]] = {
    "a rival's outputs altered": (rival_lowered, "the row differs from the published one"),
    "a rival's time raised": (
        lambda mine, published: [*mine, replace(published[0], seconds=9.0).sealed()],
        "the row differs from the published one",
    ),
    "a rival's row that nobody published": (
        lambda mine, published: [*mine, replace(published[0], seed=1, dataset="colours", shots=6).sealed()],
        "is published without this row",
    ),
    "a rival's rows under a new name": (
        lambda mine, published: [replace(row, entrant="mine").sealed() for row in published[::2]],
        "mine has the outputs of finetune in 4 rows",
    ),
    "a data set that published results have": (
        lambda mine, published: [row for row in mine if row.dataset == "shapes"],
        "probe has no row on colours (5 shots, tiny, 2 s), but published results have",
    ),
}


@pytest.mark.parametrize("kind", EDITS)
def test_an_edit_is_found(parts: Parts, kind: str) -> None:
    suite, mine, published = parts
    edit, said = EDITS[kind]
    faults = bench.check(edit(mine, published), suite=suite.path, published=published)
    assert any(said in fault for fault in faults), faults


def test_outputs_that_are_shifted_and_rounded_are_still_those_of_the_rival(parts: Parts) -> None:
    suite, _, published = parts
    rival = named(published, "finetune")
    shifted = [replace(row, entrant="mine", logits=np.round(row.logits + 3, 4)).sealed() for row in rival]
    faults = bench.check(shifted, suite=suite.path, published=published)
    assert any("mine has the outputs of finetune" in fault for fault in faults)


SCALES = {
    "one temperature": lambda logits: logits * 1.7,
    "a temperature per image": lambda logits: logits * np.linspace(0.5, 2, len(logits))[:, None] + 1,
}


@pytest.mark.parametrize("scale", SCALES)
def test_outputs_with_another_temperature_are_still_those_of_the_rival(parts: Parts, scale: str) -> None:
    suite, _, published = parts
    rival = named(published, "finetune")
    scaled = [
        replace(row, entrant="mine", logits=SCALES[scale](row.logits).astype(np.float32)).sealed()
        for row in rival
    ]
    faults = bench.check(scaled, suite=suite.path, published=published)
    assert any("mine has the outputs of finetune in 4 rows" in fault for fault in faults), faults


def test_equal_predictions_of_two_classes_are_no_copy(parts: Parts) -> None:
    _, mine, published = parts
    pairs = [
        replace(row, n_classes=2, logits=np.abs(row.logits[:, :2]) * [1, -1])
        for row in (mine[0], published[0])
    ]
    assert list(copied_outputs(pairs[:1], pairs[1:], ())) == []


def test_a_budget_that_published_results_have_is_required(parts: Parts) -> None:
    suite, mine, published = parts
    suite.path.write_text(suite.path.read_text().replace('budgets = ["2s"]', 'budgets = ["2s", "9s"]'))
    assert bench.check(mine, suite=suite.path, published=published) == []
    longer = [replace(row, budget_seconds=9.0).sealed() for row in published]
    faults = bench.check(mine, suite=suite.path, published=[*published, *longer])
    assert any("probe has no row on shapes (5 shots, tiny, 9 s)" in fault for fault in faults), faults


def test_a_search_may_deliver_the_outputs_of_the_strategy_that_it_chose(parts: Parts) -> None:
    suite, mine, published = parts
    chosen = [
        replace(row, entrant="autotl", kind="autotl", params={"strategy": "probe"}).sealed() for row in mine
    ]
    default = [replace(row, entrant="probe@default", kind="default").sealed() for row in mine]
    assert bench.check([*mine, *chosen, *default], suite=suite.path, published=published) == []


def test_a_new_version_of_a_published_entrant_is_declared(parts: Parts) -> None:
    suite, _, published = parts
    newer = [replace(row, version="0.2.0").sealed() for row in named(published, "finetune")]
    assert len(bench.check(newer, suite=suite.path, published=published)) == len(newer)
    assert bench.check(newer, suite=suite.path, published=published, updates=["finetune"]) == []


def test_published_rows_of_another_suite_are_ignored_beside_those_of_the_suite(parts: Parts) -> None:
    suite, mine, published = parts
    other = [replace(row, suite="another", entrant="probe").sealed() for row in published]
    assert bench.check(mine, suite=suite.path, published=[*published, *other]) == []


def test_published_rows_of_another_suite_alone_are_an_error(parts: Parts) -> None:
    suite, mine, published = parts
    other = [replace(row, suite="another").sealed() for row in published]
    with pytest.raises(BenchError, match=r"must have rows of the suite guessing \(got another\)"):
        bench.check(mine, suite=suite.path, published=other)
