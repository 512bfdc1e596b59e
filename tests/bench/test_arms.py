"""Check the benchmark of strategies alone: its rows, its resuming, and the worth of an arm."""

from __future__ import annotations

import importlib
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

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
        "seconds": 20.0, **more,
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


def test_the_worth_of_an_arm_is_what_the_oracle_loses_without_it(part: Part, rows: pd.DataFrame) -> None:
    summary = part("summary")
    means, kinds = summary.means_of(rows), summary.kinds_of(rows)
    worths = summary.worths_of(means, kinds).round(6)
    assert list(kinds) == ["5 images, near", "5 images, far"]
    assert worths.loc["lora"].to_dict() == {"average": 1.0, "5 images, near": 2.0, "5 images, far": 0.0}
    assert worths.loc["finetune", "5 images, far"] == 0.5  # its mean of two seeds, .66, against .655
    assert worths.loc["linear_probe", "average"] == 0.0
    assert summary.defaults_of(worths) == ["lora", "finetune"]


def test_an_oracle_has_the_best_of_its_arms(part: Part, rows: pd.DataFrame) -> None:
    summary = part("summary")
    means = summary.means_of(rows)
    assert list(summary.oracle(means, summary.FIRST_ARMS).round(6)) == [80.0, 66.0]
    assert list(summary.oracle(means, list(means)).round(6)) == [82.0, 66.0]


def test_a_case_that_one_arm_alone_can_do_has_no_worth(part: Part) -> None:
    summary = part("summary")
    alone = pd.DataFrame([row("flowers", 5, "probe", 0.8), row("steel", 5, "probe", 0.8)])
    worths = summary.worths_of(summary.means_of(alone), summary.kinds_of(alone))
    assert worths.isna().all(axis=None)
    assert summary.defaults_of(worths) == []


def test_the_summary_shows_spread_missing_scores_and_seconds(part: Part, rows: pd.DataFrame) -> None:
    text = part("summary").summary(rows)
    assert "| steel | 5 | 66.0 ± 2.8 | 60.0 | 65.5 |" in text
    assert "| flowers | 5 | 80.0 | 82.0 | lora |" in text
    assert "| finetune | 20.0 | 20.0 |" in text
    assert text.endswith("lora, finetune")


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
