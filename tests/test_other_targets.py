"""The one call, end to end, on several labels and on numbers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import autotl
from autotl.api import TargetKind
from autotl.errors import DataError, MetricError, UnknownName
from autotl.terminal import Silence
from autotl.testing import tiny_targets

pytestmark = pytest.mark.usefixtures("few_epochs")
STRATEGIES = ("linear_probe", "finetune", "pixels")


def table(folder: Path, kind: TargetKind) -> Path:
    """Write images and a CSV with a column of joined labels, or of numbers."""
    images, targets = tiny_targets(kind, each=24)
    rows = []
    for number, (image, target) in enumerate(zip(images, targets, strict=True)):
        Image.fromarray(image).save(folder / f"{number}.png")
        own = {"labels": ";".join(target)} if kind == "multi_label" else {"brightness": target}
        rows.append({"path": f"{number}.png", **own})
    pd.DataFrame(rows).to_csv(folder / "table.csv", index=False)
    return folder / "table.csv"


def run(data: Any, folder: Path, **more: Any) -> autotl.results.Result:
    return autotl.fit(
        data,
        out=folder,
        backbone="tiny",
        trials=4,
        strategies=STRATEGIES,
        device="cpu",
        image_size=32,
        watch=Silence(),
        **more,
    )


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> autotl.results.Result:
    folder = tmp_path_factory.mktemp("labels")
    return run(table(folder, "multi_label"), folder / "RUN", label="labels", target="multi")


@pytest.fixture(scope="module")
def numbered(tmp_path_factory: pytest.TempPathFactory) -> autotl.results.Result:
    folder = tmp_path_factory.mktemp("numbers")
    return run(table(folder, "regression"), folder / "RUN", label="brightness")


def test_several_labels_are_learned(labelled: autotl.results.Result) -> None:
    test = labelled.report["test"]
    assert test["metric"] == "mean_average_precision"
    assert test["value"] > 0.6
    assert labelled.report["verdict"]["strategy"] in STRATEGIES


def test_numbers_are_learned_in_their_unit(numbered: autotl.results.Result) -> None:
    test = numbered.report["test"]
    assert test["metric"] == "mae"
    spread = np.ptp([float(row) for row in pd.read_csv(numbered.folder.parent / "table.csv")["brightness"]])
    assert 0 < test["value"] < spread / 4
    notes = json.dumps(numbered.report)
    assert "are used as numbers to predict (regression)" in notes


@pytest.mark.parametrize("name", ["labelled", "numbered"])
def test_a_finished_run_resumes_with_its_scales(name: str, request: pytest.FixtureRequest) -> None:
    result = request.getfixturevalue(name)
    before = json.loads((result.folder / "run.json").read_text())["decided"]["splitting"]
    again = autotl.resume(result.folder, trials=5, watch=Silence())
    after = json.loads((result.folder / "run.json").read_text())["decided"]["splitting"]
    assert (before["means"], before["scales"]) == (after["means"], after["scales"])
    assert len(before["scales"]) == (name == "numbered")
    assert again.report["test"]["metric"] == result.report["test"]["metric"]


def test_a_metric_of_another_kind_is_refused_before_any_trial(tmp_path: Path) -> None:
    data = tiny_targets("regression", each=8)
    with pytest.raises(MetricError, match=r"accuracy scores single_label .*one of mae, rmse, r2, spearman"):
        run(data, tmp_path / "RUN", metric="accuracy")
    assert not (tmp_path / "RUN" / "journal").exists()


def test_an_unknown_kind_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"No target called 'numbre'\. Did you mean 'number'"):
        run(tiny_targets("regression", each=8), tmp_path / "RUN", target="numbre")


def test_a_kind_that_the_labels_do_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"A number must be given as such \(got 'bars'"):
        run(tiny_targets("single_label", each=8), tmp_path / "RUN", target="number")


def test_the_command_line_exits_with_2_and_a_sentence(tmp_path: Path) -> None:
    file = table(tmp_path, "multi_label")
    command = ["fit", str(file), "--label", "labels", "--target", "number", "--out", str(tmp_path / "RUN")]
    done = subprocess.run([sys.executable, "-m", "autotl", *command], capture_output=True, text=True)
    assert done.returncode == 2
    assert "numbers in 'labels' are missing" in " ".join(done.stderr.split())
