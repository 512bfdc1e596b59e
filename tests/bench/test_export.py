"""The benchmark of exports writes a row for each format, once."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("benchmarks.export.__main__")


def test_known_rows_are_not_measured_again(
    runner: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits: list[tuple[str, str]] = []
    measured: list[str] = []

    def fitted(data: Path, strategy: str, backbone: str, folder: Path, *, image_size: int) -> str:
        fits.append((strategy, backbone))
        return strategy

    def measure(result: str, form: str, folder: Path) -> dict[str, Any]:
        measured.append(f"{result} {form}")
        return {"mb": 1.5, "error": "refused" if form == "onnx-int8" else None}

    monkeypatch.setattr(runner, "fitted", fitted)
    monkeypatch.setattr(runner, "measure", measure)
    out = tmp_path / "export.csv"
    words = ["--data", "photos.zip", "--out", str(out), "--strategies", "finetune", "--backbones", "tiny"]
    runner.main([*words, "--forms", "pt2", "onnx-int8"])
    runner.main(words)
    runner.main(words)
    assert fits == [("finetune", "tiny")] * 2
    assert measured == [f"finetune {form}" for form in ("pt2", "onnx-int8", "onnx", "openvino")]
    rows = pd.read_csv(out)
    assert rows["form"].tolist() == ["pt2", "onnx-int8", "onnx", "openvino"]
    assert rows["error"].isna().tolist() == [True, False, True, True]
