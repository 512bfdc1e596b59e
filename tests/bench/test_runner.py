"""Check that a benchmark measures each entry once, continues after a kill, and records failures."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autotl import bench
from autotl.bench import split as splits
from autotl.bench.entry import entrants
from autotl.bench.executors import split_cores
from autotl.errors import BenchError, RunError, UnknownName
from autotl.leaderboard import Row, read_rows, seal

Make = Callable[..., bench.Suite]


def ran(plan: bench.BenchPlan) -> tuple[list[Row], list[str]]:
    said: list[str] = []
    return read_rows(bench.run(plan, said.append)), said


def test_every_row_can_be_recomputed(guessing: Make, tmp_path: Path) -> None:
    rows, _ = ran(bench.BenchPlan(guessing(), tmp_path / "out"))
    assert [(row.dataset, row.seed) for row in rows] == [
        ("colours", 0), ("colours", 1), ("shapes", 0), ("shapes", 1),
    ]  # fmt: skip
    for row in rows:
        split = splits.read(
            tmp_path / "out/splits" / splits.file_name(row.dataset, shots=row.shots, seed=row.seed)
        )
        assert row.split == split.hash
        assert row.logits is not None
        assert row.test == (row.logits.argmax(1) == split.labels).mean()
        assert row.logits.shape == (row.n_test, row.n_classes)
        assert row.seal == seal(row)
        assert (row.plugin, row.version, row.notes) == ("guess", "1.2", ("It guesses.",))
        assert row.seconds > 0
        assert row.n_train == 5 * row.n_classes


def test_a_peer_gets_no_test_labels(guessing: Make, tmp_path: Path) -> None:
    suite = guessing(f"import shutil; shutil.copy(job['test'], {str(tmp_path / 'seen.csv')!r})")
    ran(bench.BenchPlan(suite, tmp_path / "out", datasets=("shapes",), seeds=(0,)))
    lines = (tmp_path / "seen.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "image"
    assert all(Path(line).is_file() and "," not in line for line in lines[1:])


def test_known_rows_are_not_measured_again(guessing: Make, tmp_path: Path) -> None:
    plan = bench.BenchPlan(guessing(), tmp_path / "out")
    first, _ = ran(replace(plan, datasets=("shapes",)))
    both, said = ran(plan)
    assert "4 measurements, 2 of them done before." in said
    assert [row.created for row in both if row.dataset == "shapes"] == [row.created for row in first]


def test_a_file_of_results_can_be_continued(guessing: Make, tmp_path: Path) -> None:
    plan = bench.BenchPlan(guessing(), tmp_path / "out", datasets=("shapes",))
    first, _ = ran(plan)
    (tmp_path / "more").mkdir()
    (tmp_path / "out/results.parquet").rename(tmp_path / "more/results.parquet")
    both, said = ran(bench.BenchPlan(plan.suite, tmp_path / "more"))
    assert "4 measurements, 2 of them done before." in said
    assert [row.seal for row in both if row.dataset == "shapes"] == [row.seal for row in first]


def test_failures_are_rows_and_can_be_repeated(guessing: Make, tmp_path: Path) -> None:
    plan = bench.BenchPlan(guessing("sys.exit('no luck')"), tmp_path / "out", datasets=("shapes",))
    rows, said = ran(plan)
    assert {(row.status, row.test) for row in rows} == {("failed", None)}
    assert all("no luck" in row.error and row.logits is None for row in rows)
    assert any("no luck" in text for text in said)
    guessing()
    assert {row.status for row in ran(plan)[0]} == {"failed"}
    assert {row.status for row in ran(replace(plan, again=True))[0]} == {"ok"}


@pytest.mark.parametrize("wrong", ["n += 1", "job['classes'].pop()"])
def test_logits_that_do_not_fit_are_a_failure(guessing: Make, tmp_path: Path, wrong: str) -> None:
    suite = guessing()
    script = tmp_path / "guess.py"
    script.write_text(
        script.read_text(encoding="utf-8").replace("logits = np", f"{wrong}\nlogits = np"), encoding="utf-8"
    )
    rows, _ = ran(bench.BenchPlan(suite, tmp_path / "out", datasets=("shapes",), seeds=(0,)))
    assert rows[0].status == "failed"
    assert "shape" in rows[0].error


def test_a_peer_that_cannot_be_installed_is_a_row(guessing: Make, tmp_path: Path) -> None:
    suite = guessing()
    (tmp_path / "guess.py").write_text("import sys; sys.exit('no wheel for it')", encoding="utf-8")
    rows, _ = ran(bench.BenchPlan(suite, tmp_path / "out", datasets=("shapes",), seeds=(0,)))
    assert "could not be installed" in rows[0].error
    assert "no wheel for it" in rows[0].error


@pytest.mark.slow
def test_a_killed_benchmark_continues(guessing: Make, tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    marks.mkdir()
    suite = guessing(
        f"open(os.path.join({str(marks)!r}, str(os.getpid())), 'w').close(); "
        "time.sleep(600 if job['seed'] == 1 else 0)"
    )
    out = tmp_path / "out"
    code = (
        "import sys; from pathlib import Path; from autotl import bench; "
        "bench.run(bench.BenchPlan(bench.load(sys.argv[1]), Path(sys.argv[2])), print)"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", code, str(suite.path), str(out)], stdout=subprocess.DEVNULL
    )
    for _ in range(1200):
        if len(list(marks.iterdir())) == 3:  # two seeds of 0 are done, the first of 1 sleeps
            break
        time.sleep(0.05)
    with pytest.raises(RunError, match="Another process is using"):
        bench.run(bench.BenchPlan(suite, out), lambda _: None)
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    guessing()
    rows, said = ran(bench.BenchPlan(suite, out))
    assert "4 measurements, 2 of them done before." in said
    assert len(rows) == 4
    assert {row.status for row in rows} == {"ok"}
    assert not any((out / ".work").iterdir())


def test_data_that_differ_from_the_split_file_are_an_error(guessing: Make, tmp_path: Path) -> None:
    suite = guessing()
    other = splits.make([(f"{i}", "ab"[i % 2], None) for i in range(100)], shots=5, seed=0)
    splits.write(suite.splits / splits.file_name("shapes", shots=5, seed=0), other)
    with pytest.raises(BenchError, match="shapes is not the data"):
        bench.run(bench.BenchPlan(suite, tmp_path / "out"), lambda _: None)


def test_missing_data_are_skipped_with_a_warning(guessing: Make, tmp_path: Path) -> None:
    suite = guessing()
    text = suite.path.read_text(encoding="utf-8").replace('generator = "colours"', 'file = "colours.zip"')
    suite.path.write_text(
        text.replace("settings = { per_class = 25 }\n\n[[back", "\n[[back"), encoding="utf-8"
    )
    rows, said = ran(bench.BenchPlan(bench.load(suite.path), tmp_path / "out", seeds=(0,)))
    assert {row.dataset for row in rows} == {"shapes"}
    assert any("colours.zip is not in" in each for each in said)


def test_errors_for_unknown_names_suggest_similar_ones(guessing: Make, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'guess'"):
        bench.run(bench.BenchPlan(guessing(), tmp_path / "a", only=("gues",)), lambda _: None)
    with pytest.raises(UnknownName, match="Did you mean 'shapes'"):
        bench.run(bench.BenchPlan(guessing(), tmp_path / "b", datasets=("shape",)), lambda _: None)


def test_entrants_of_a_suite(guessing: Make) -> None:
    suite = replace(guessing(), strategies=("all",), defaults=True, autotl=True)
    assert [(each.name, each.kind) for each in entrants(suite, ["a", "b"])] == [
        ("a", "strategy"), ("b", "strategy"), ("a@default", "default"), ("b@default", "default"),
        ("autotl", "autotl"), ("guess", "peer"),
    ]  # fmt: skip
    assert [each.strategy for each in entrants(suite, ["a"], ["a@default", "guess"])] == ["a", None]


def test_cores_are_assigned_to_workers() -> None:
    (alone,) = split_cores(1)
    assert alone.threads == len(alone.cores) >= 1
    with pytest.raises(BenchError, match="must be between 1 and"):
        split_cores(10_000)


@pytest.mark.slow
def test_strategies_and_autotl_are_entrants(tmp_path: Path) -> None:
    suite = replace(bench.load("smoke"), budgets=(8.0,))
    rows, _ = ran(
        bench.BenchPlan(
            suite,
            tmp_path,
            only=("linear_probe", "finetune@default", "autotl"),
            datasets=("shapes",),
            seeds=(0,),
        )
    )
    assert {row.status for row in rows} == {"ok"}, [row.error for row in rows]
    chance = 0.25
    for row in rows:
        assert row.test is not None
        assert row.test > 2 * chance
        assert row.likeness is None or 0 <= row.likeness <= 1  # the time can be too short for it
        assert row.chosen is not None
        assert row.trials[row.chosen]["val"] == row.val
        assert row.flops is not None
        assert row.flops > 1e6
        assert isinstance(row.logits, np.ndarray)
    assert {row.entrant: row.family for row in rows}["linear_probe"] == "frozen"
    assert len({row.entrant: row.trials for row in rows}["finetune@default"]) == 1
    assert bench.check([row for row in rows if row.seed == 0]) != []  # seed 1 is missing
