"""Whole runs on several labels and on numbers, from a table to predictions."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import timm
import torch
from PIL import Image

import autotl
from autotl import cli
from autotl.builtin.reporters.html import HtmlReport
from autotl.errors import DataError
from autotl.evaluation import MultiLabelScores, RegressionScores
from autotl.report import html, markdown, parse
from autotl.results import Result
from autotl.terminal import Silence
from autotl.testing import tiny_images

pytestmark = pytest.mark.usefixtures("few_epochs")

STRATEGIES = ("linear_probe", "finetune", "pixels")


@dataclass(frozen=True)
class Done:
    """A finished run with its table of images."""

    kind: str
    table: pd.DataFrame
    file: Path
    result: Result


def drawn(folder: Path) -> pd.DataFrame:
    """Images of two textures in random colours, some side by side, with their labels and brightness."""
    images, names = tiny_images(classes=2, each=60, noise=0.2)
    rng, rows = np.random.default_rng(0), []
    for number in range(90):
        chosen = sorted(rng.choice(len(images), int(rng.integers(1, 3)), replace=False).tolist())
        factor = float(rng.uniform(0.2, 1.0))
        pixels = (np.concatenate([images[i] for i in chosen] * (3 - len(chosen)), axis=1) * factor).astype(
            np.uint8
        )
        path = folder / f"{number:03}.png"
        Image.fromarray(pixels).save(path)
        found = sorted({names[i] for i in chosen} | ({"dark"} if factor < 0.5 else set()))
        rows.append((str(path), ";".join(found), float(pixels.mean()), 2.5 * factor))
    return pd.DataFrame(rows, columns=["image", "tags", "brightness", "factor"])


@pytest.fixture(scope="module", params=["multi_label", "regression"])
def done(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Done:
    folder = tmp_path_factory.mktemp("data")
    table = drawn(folder)
    several = request.param == "multi_label"
    table = table[["image", "tags"] if several else ["image", "brightness", "factor"]]
    file = folder / "table.csv"
    table.to_csv(file, index=False)
    result = autotl.fit(
        table,
        out=tmp_path_factory.mktemp("runs") / "run",
        backbone="tiny",
        trials=4,
        image_size=32,
        strategies=STRATEGIES,
        label="tags" if several else ["brightness", "factor"],
        target="multi" if several else "number",
        experience=False,
        watch=Silence(),
    )
    return Done(request.param, table, file, result)


def test_the_report_is_of_the_kind(done: Done) -> None:
    report = json.loads((done.result.folder / "report.json").read_text())
    assert report == done.result.report
    assert report["target"]["kind"] == done.kind
    assert report["test"]["value"] is not None
    assert report["test"]["always_majority"] is not None
    several = done.kind == "multi_label"
    assert report["test"]["metric"] == ("mean_average_precision" if several else "mae")
    assert len(report["test"]["per_label"]) == (3 if several else 0)
    assert len(report["test"]["per_column"]) == (0 if several else 2)
    assert (report["how"]["intervals"] is None) == several
    assert isinstance(report["quality"]["label_issues"], list)
    assert len(report["next"]) <= 3
    assert {each["about"] for each in report["next"]}.isdisjoint({"class", "pair of classes"})
    assert report["verdict"]["sentence"]
    names = {path.name for path in (done.result.folder / "figures").iterdir()}
    assert ("labels.svg" if several else "scatter.svg") in names
    assert "confusion.svg" not in names
    assert "</html>" in html(parse(report))
    assert markdown(parse(report)) == (done.result.folder / "report.md").read_text()


def test_it_learns_more_than_the_constant(done: Done) -> None:
    test = done.result.report["test"]
    sign = 1 if test["higher_is_better"] else -1
    assert sign * test["value"] > sign * test["always_majority"]


def test_timm_alone_gives_the_same_predictions(done: Done) -> None:
    paths = done.table["image"].tolist()[:6]
    model = timm.create_model(f"local-dir:{done.result.folder / 'model'}", pretrained=True).eval()
    view = timm.data.create_transform(**timm.data.resolve_data_config({}, model=model))
    with torch.no_grad():
        outputs = model(torch.stack([view(Image.open(path).convert("RGB")) for path in paths]))
    names = list(done.result.report["target"]["names"])
    if done.kind == "multi_label":
        table = done.result.predict(paths, probabilities=True)
        ours, theirs = table[[f"p:{name}" for name in names]].to_numpy(), outputs.sigmoid().numpy()
    else:
        ours, theirs = done.result.predict(paths)[names].to_numpy(), outputs.numpy()
    np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-4)


def test_predictions_have_what_the_kind_needs(done: Done) -> None:
    table = done.result.predict(done.table.head(5))
    assert table.index.tolist() == list(range(5))
    if done.kind == "multi_label":
        assert table.columns.tolist() == ["path", "labels", "error"]
        assert set(";".join(table["labels"]).split(";")) <= {*done.result.report["classes"], ""}
        return
    assert {"brightness", "brightness_low", "brightness_high", "factor"} <= {*table.columns}
    assert (table["brightness_low"] < table["brightness_high"]).all()
    with pytest.raises(DataError, match="probabilities must be left out"):
        done.result.predict(done.table.head(2), probabilities=True)


def test_it_is_evaluated_on_a_table_and_its_file(done: Done) -> None:
    found = done.result.evaluate(done.table)
    kind = MultiLabelScores if done.kind == "multi_label" else RegressionScores
    assert isinstance(found.details, kind)
    assert found.n == 90
    again = autotl.load(done.result.folder, device="cpu").evaluate(
        done.file, metric="log_loss" if done.kind == "multi_label" else "rmse"
    )
    assert again.metric != found.metric
    assert again.n == 90


def test_test_predictions_are_written_and_their_mistakes_sorted(done: Done) -> None:
    mistakes = done.result.mistakes()
    shown = done.result.report["pictures"]["mistakes"]
    assert [each["item"] for each in shown] == mistakes["path"].tolist()[:12]
    if done.kind == "multi_label":
        assert mistakes.columns.tolist() == ["path", "given", "predicted", "missed", "wrong", "probability"]
        wrong = done.result.confusion()[["false_negative", "false_positive"]].to_numpy().sum()
        assert len(mistakes) <= wrong
        assert len(done.result.per_class()) == 3
    else:
        assert mistakes.columns.tolist() == ["path", "number", "given", "predicted", "error"]
        assert len(mistakes) == 2 * done.result.report["test"]["n"]
        assert done.result.per_class()["column"].tolist() == ["brightness", "factor"]
        with pytest.raises(DataError, match="confusion"):
            done.result.confusion()
    split = pd.read_csv(done.result.folder / "split.csv")
    assert len(split) == 90
    assert ("label" in split) == (done.kind == "multi_label")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def call(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = cli.guarded(lambda: cli.app([str(word) for word in words], standalone_mode=False))
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


def test_the_command_line_predicts_evaluates_and_reports(
    done: Done, run: Callable[..., tuple[int, str, str]], tmp_path: Path
) -> None:
    folder, several = done.result.folder, done.kind == "multi_label"
    code, out, _ = run("predict", folder, done.file, "--device", "cpu")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 0
    assert len(rows) == 90
    assert ("labels" if several else "factor_high") in rows[0]
    code, _, said = run("predict", folder, done.file, "--out", tmp_path / "labels.csv")
    assert ("90 images labelled" if several else "90 images predicted") in said
    code, out, _ = run("evaluate", folder, done.file, "--device", "cpu")
    assert code == 0
    assert ("average precision" if several else "R²") in out
    code, out, _ = run("evaluate", folder, done.file, "--json")
    assert len(json.loads(out)["per_label" if several else "per_column"]) == (3 if several else 2)
    code, out, _ = run("report", folder)
    assert code == 0
    assert "On the test images" in out
    code, _, said = run("predict", folder, done.file, "--top", "2")
    assert code == (0 if several else 2)


def test_the_pictures_survive_the_loss_of_the_originals(done: Done, tmp_path: Path) -> None:
    page = (done.result.folder / "report.html").read_text(encoding="utf-8")
    assert done.result.report["pictures"]["files"]
    assert page.count("<img") >= 1
    moved = done.result.save(tmp_path / "moved")
    (moved / "report.html").unlink()
    HtmlReport().write(autotl.load(moved).report, moved)
    assert (moved / "report.html").read_text(encoding="utf-8") == page


def test_the_card_and_the_snippet_work(done: Done) -> None:
    assert "<table" in done.result._repr_html_()
    code = (
        "import timm, sys; m = timm.create_model('local-dir:' + sys.argv[1], pretrained=True);"
        "print(m.pretrained_cfg['label_names'])"
    )
    words = [sys.executable, "-W", "ignore", "-c", code, str(done.result.folder / "model")]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    assert str(done.result.report["target"]["names"][0]) in said


def test_the_data_is_profiled(done: Done) -> None:
    found = autotl.analyze(
        done.table,
        backbone="tiny",
        label="tags" if done.kind == "multi_label" else ["brightness", "factor"],
        target="multi" if done.kind == "multi_label" else "number",
        experience=False,
        watch=Silence(),
    )
    assert found["target"]["kind"] == done.kind
    assert found["when"]["choice"]["by"] == "probe_skill"
    assert isinstance(found["quality"]["label_issues"], list)
    assert found["quality"]["targets"]
