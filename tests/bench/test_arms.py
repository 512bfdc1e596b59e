"""Check the benchmark of strategies alone: its rows, its resuming, and the worth of an arm."""

from __future__ import annotations

import importlib
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from autotl.testing import tiny_images

ROOT = Path(__file__).parents[2]
Part = Callable[[str], ModuleType]


@pytest.fixture
def part(monkeypatch: pytest.MonkeyPatch) -> Part:
    monkeypatch.syspath_prepend(str(ROOT))
    return lambda name: importlib.import_module(f"benchmarks.arms.{name}")


def row(dataset: str, shots: int, strategy: str, test: float | None, **more: Any) -> dict[str, Any]:
    likeness = {"flowers": 0.7, "steel": 0.1}[dataset]
    return {
        "dataset": dataset, "shots": shots, "strategy": strategy, "seed": 0, "budget": 30.0,
        "backbone": "net", "status": "failed" if test is None else "ok", "test": test, "likeness": likeness,
        "seconds": 20.0, "n_classes": 4, **more,
    }  # fmt: skip


@pytest.fixture
def rows() -> pd.DataFrame:
    return pd.DataFrame(
        [
            row("flowers", 5, "linear_probe", 0.80),
            row("flowers", 5, "finetune", 0.70),
            row("flowers", 5, "lora", 0.82),
            row("flowers", 5, "direct", None),
            row("steel", 5, "linear_probe", 0.60),
            row("steel", 5, "finetune", 0.64, seed=0),
            row("steel", 5, "finetune", 0.68, seed=1),
            row("steel", 5, "lora", 0.655),
        ]
    )


def seeds(**scores: dict[str, list[float | None]]) -> pd.DataFrame:
    """Return rows by data set and arm, with one score for each seed."""
    return pd.DataFrame(
        [
            row(dataset, 5, arm, test, seed=seed)
            for dataset, arms in scores.items()
            for arm, own in arms.items()
            for seed, test in enumerate(own)
        ]
    )


def worths_of(part: Part, rows: pd.DataFrame) -> Any:
    worth = part("worth")
    return worth.worths_of(worth.scores_of(rows), part("summary").kinds_of(rows))


def test_the_worth_is_measured_on_seeds_that_did_not_choose(part: Part) -> None:
    found = worths_of(part, seeds(flowers={"a": [0.9, 0.5, 0.8], "b": [0.8, 0.7, 0.7], "c": [0.1, 0.1, 0.1]}))
    assert found.cross_fitted
    # seed 0: b leads on the others (.70 against .65), and loses; 1: a leads and loses; 2: b leads and loses
    expected = {"a": -20.0 / 3, "b": (-10.0 - 10.0) / 3, "c": 0.0}
    assert found.mean["average"].to_dict() == pytest.approx(expected)
    assert found.defaults == []


def test_noise_is_worth_nothing_on_average(part: Part) -> None:
    rng = np.random.default_rng(0)
    draws = [
        seeds(flowers={f"arm{arm}": [*rng.normal(0.7, 0.03, 2)] for arm in range(12)}).assign(
            dataset=f"{number}"
        )
        for number in range(100)
    ]
    rows = pd.concat(draws)
    found = worths_of(part, rows)
    assert abs(found.mean["average"].sum()) < 0.7
    assert found.defaults == []
    bounds = worths_of(part, rows[rows["seed"] == 0])
    assert bounds.mean["average"].sum() > 1.0  # the best of twelve leads by its luck


def test_an_arm_that_leads_with_every_seed_pays(part: Part) -> None:
    scores: dict[str, list[float | None]] = {"a": [0.8, 0.81], "b": [0.75, 0.76], "c": [0.7, 0.7]}
    found = worths_of(part, seeds(flowers=scores, steel=scores))
    assert found.mean["average"].to_dict() == pytest.approx({"a": 5.0, "b": 0.0, "c": 0.0})
    assert found.low.loc["a", "average"] == pytest.approx(5.0)
    assert pd.isna(found.low.loc["a", "5 images, near"])  # one data set
    assert found.defaults == ["a"]


def test_one_seed_gives_upper_bounds_and_no_defaults(part: Part) -> None:
    rows = seeds(flowers={"a": [0.9], "b": [0.7]}, steel={"a": [0.5], "b": [0.6]})
    found = worths_of(part, rows)
    assert not found.cross_fitted
    assert found.mean["average"].to_dict() == pytest.approx({"a": 10.0, "b": 5.0})
    assert found.defaults == []
    assert part("summary").summary(rows).endswith("Run the command with two seeds or more.")


def test_a_failed_seed_counts_as_a_constant_class(part: Part) -> None:
    scores = part("worth").scores_of(seeds(flowers={"a": [0.9, None], "b": [0.7, 0.8]}))
    assert scores["a"].tolist() == pytest.approx([90.0, 25.0])
    assert part("summary").means_of(scores)["a"].tolist() == pytest.approx([57.5])


def test_a_case_that_one_arm_alone_can_do_has_no_worth(part: Part) -> None:
    found = worths_of(part, seeds(flowers={"probe": [0.8, 0.8]}, steel={"probe": [0.8, 0.9]}))
    assert found.mean.isna().all(axis=None)
    assert found.defaults == []


def test_an_oracle_has_the_best_of_its_arms(part: Part, rows: pd.DataFrame) -> None:
    summary, worth = part("summary"), part("worth")
    means = summary.means_of(worth.scores_of(rows))
    assert list(worth.oracle(means, summary.FIRST_ARMS).round(6)) == [80.0, 66.0]
    assert list(worth.oracle(means, list(means)).round(6)) == [82.0, 66.0]


def test_the_summary_shows_spread_missing_scores_and_seconds(part: Part, rows: pd.DataFrame) -> None:
    text = part("summary").summary(rows)
    assert "| steel | 5 | – | 66.0 ± 2.8 | 60.0 | 65.5 |" in text
    assert "| flowers | 5 | 25.0 | 70.0 | 80.0 | 82.0 |" in text
    assert "| flowers | 5 | 80.0 | 82.0 | lora |" in text
    assert "| finetune | 20.0 | 20.0 |" in text


def test_a_file_keeps_its_rows_and_a_retried_row_replaces_a_failed_one(part: Part, tmp_path: Path) -> None:
    file, rows = tmp_path / "arms.csv", part("rows")
    rows.append(file, row("flowers", 5, "probe", None))
    rows.append(file, row("steel", 5, "probe", 0.5))
    key = ("flowers", 5, "probe", 0, 30.0, "net")
    assert len(rows.known(file)) == 2
    assert key not in rows.known(file, retry_failed=True)
    rows.append(file, row("flowers", 5, "probe", 0.7))
    assert part("summary").read(file)["test"].tolist() == [0.5, 0.7]


def test_a_file_with_two_budgets_for_the_same_shots_is_refused(part: Part, tmp_path: Path) -> None:
    file, rows = tmp_path / "arms.csv", part("rows")
    rows.append(file, row("flowers", 5, "probe", 0.5))
    rows.append(file, row("flowers", 5, "probe", 0.6, budget=60.0))
    with pytest.raises(ValueError, match="must have one budget and backbone"):
        part("summary").read(file)


def test_a_dry_run_prints_the_missing_rows_and_minutes(
    part: Part, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "arms.csv"
    part("rows").append(file, row("flowers", 5, "linear_probe", 0.5))
    given = ["run", "--data", str(tmp_path), "--datasets", "flowers", "steel", "--shots", "5", "0"]
    given += ["--backbone", "net", "--strategies", "linear_probe", "--out", str(file), "--dry-run"]
    part("__main__").main(given)
    assert capsys.readouterr().out == "4 rows, 3 of them missing: 2 minutes or more.\n"
    assert len(pd.read_csv(file)) == 1


@pytest.mark.slow
def test_a_run_appends_a_row_for_each_strategy(part: Part, tmp_path: Path) -> None:
    images, labels = tiny_images(classes=3, each=16)
    with zipfile.ZipFile(tmp_path / "drawn.zip", "w") as archive:
        for number, (image, label) in enumerate(zip(images, labels, strict=True)):
            Image.fromarray(image).save(tmp_path / "one.png")
            archive.write(tmp_path / "one.png", f"{'test' if number % 2 else 'train'}/{label}/{number}.png")
    given = ["run", "--data", str(tmp_path), "--datasets", "drawn", "--shots", "5", "--backbone", "tiny"]
    given += ["--strategies", "linear_probe", "pixels", "--seconds", "12", "12"]
    given += ["--out", str(tmp_path / "arms.csv"), "--work", str(tmp_path / "work")]
    part("__main__").main(given)
    found = pd.read_csv(tmp_path / "arms.csv")
    assert found["strategy"].tolist() == ["linear_probe", "pixels"]
    assert (found["n_train"] == 15).all()
    assert found["test"].between(0, 1).all()
    part("__main__").main(given)
    assert len(pd.read_csv(tmp_path / "arms.csv")) == 2
