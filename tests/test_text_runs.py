"""Texts from a table to a model, end to end, with small vectors of tokens."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

import autotl
from autotl.clock import WallClock
from autotl.errors import ExportError, SearchError, WeightsError
from autotl.report import parse, result_lines, warning_lines
from autotl.terminal import Silence, Terminal
from autotl.testing import tiny_images
from tests.support.texts import sentences, vectors_folder

pytestmark = pytest.mark.usefixtures("few_epochs")

STRATEGIES = ("linear_probe", "finetune", "tfidf")
IMAGES = re.compile(r"\b[^\s]*(?:\bimages?\b|pixel|\bpx\b)[^\s]*", re.IGNORECASE)


def table(each: int = 30, seed: int = 0) -> pd.DataFrame:
    texts, labels = sentences(each, seed=seed)
    return pd.DataFrame({"text": texts, "label": labels})


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return vectors_folder(tmp_path_factory.mktemp("weights") / "vectors")


@pytest.fixture(scope="module")
def printed() -> io.StringIO:
    """The terminal's output during the run."""
    return io.StringIO()


@pytest.fixture(scope="module")
def result(
    tmp_path_factory: pytest.TempPathFactory, vectors: Path, printed: io.StringIO
) -> autotl.results.Result:
    folder = tmp_path_factory.mktemp("run")
    table().to_csv(folder / "texts.csv", index=False)
    return autotl.fit(
        folder / "texts.csv",
        backbone=vectors,
        strategies=STRATEGIES,
        trials=4,
        out=folder / "RUN",
        device="cpu",
        experience=False,
        watch=Terminal(clock=WallClock(), console=Console(file=printed, width=200)),
    )


def test_a_table_of_texts_gives_a_model_and_a_report(result):
    assert result.report["test"]["value"] > 0.8
    assert {arm["strategy"] for arm in result.report["arms"]} == set(STRATEGIES)
    assert {arm["backbone"] for arm in result.report["arms"]} == {"vectors", "bag_of_words"}
    assert result.report["quality"]["sizes"] is None
    for name in ("report.json", "report.md", "report.html"):
        assert (result.folder / name).is_file()


def test_the_terminal_and_the_report_name_texts(result, printed: io.StringIO):
    lines = [*result_lines(parse(result.report)), *warning_lines(parse(result.report))]
    for text in (
        printed.getvalue(),
        "\n".join(lines),
        json.dumps(result.report["verdict"]),
        report_text(result),
    ):
        assert IMAGES.findall(text) == []
    assert "training texts, 3 classes" in printed.getvalue()
    assert "texts" in result._repr_html_()
    assert result.report["inputs"]["noun"] == "text"


def test_a_comparison_names_texts(result):
    found = str(autotl.compare(result, result))
    assert IMAGES.findall(found) == []
    assert "test texts" in found


def report_text(result: autotl.results.Result) -> str:
    """Return the report without names of settings, strategies and code."""
    text = (result.folder / "report.md").read_text(encoding="utf-8")
    return re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL)


def test_predictions_take_texts_and_tables_and_name_them(result):
    found = result.predict(["we saw a cat and a dog", "some bread and cheese", "  "])
    assert found["label"].tolist()[:2] == ["animals", "food"]
    assert found["path"][0] == "text 0: we saw a cat and a dog"
    assert found["error"][2] == "the text is empty"
    again = result.predict(table(5)[["text"]])
    assert (again["label"] == table(5)["label"]).mean() > 0.7
    pd.testing.assert_frame_equal(
        autotl.load(result.folder, device="cpu").predict(table(5)[["text"]]), again, rtol=1e-5
    )


def test_other_texts_are_evaluated(result):
    scores = result.evaluate(table(10, seed=5))
    assert scores.n == 30
    assert scores.value > 0.8


def test_the_model_predicts_the_same_without_autotl(result, tmp_path: Path):
    texts = table(3)["text"].tolist()
    code = """
import json, runpy, sys
sys.modules["autotl"] = None
import torch
loader = runpy.run_path(sys.argv[1])
with torch.inference_mode():
    print(json.dumps(loader["load"]()(loader["encode"](sys.argv[2:])).softmax(1).tolist()))
"""
    script = tmp_path / "other.py"
    script.write_text(code)
    command = [sys.executable, str(script), str(result.folder / "model" / "load_model.py"), *texts]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    expected = result.predict(texts, probabilities=True)
    columns = [f"p:{name}" for name in result.predictor.classes]
    np.testing.assert_allclose(json.loads(printed), expected[columns], atol=1e-5)


@pytest.mark.parametrize(
    "strategy",
    ["nearest_mean", "knn", "mlp_probe", "multi_layer_probe", "lp_ft", "from_scratch", "gradual_unfreezing"],
)
def test_each_strategy_serves_texts_and_its_model_opens_again(strategy: str, vectors: Path, tmp_path: Path):
    result = autotl.fit(
        table(16), backbone=vectors, strategies=strategy, trials=1, out=tmp_path / "run", device="cpu",
        experience=False, watch=Silence(),
    )  # fmt: skip
    assert [arm["strategy"] for arm in result.report["arms"]] == [strategy]
    assert result.report["arms"][0]["best_val"] > (1 / 3 if strategy != "from_scratch" else 0)  # few epochs
    texts = table(3)["text"]
    pd.testing.assert_frame_equal(
        autotl.load(tmp_path / "run", device="cpu").predict(texts), result.predict(texts), rtol=1e-5
    )


def test_the_command_line_takes_a_table_of_texts(vectors: Path, tmp_path: Path):
    table(16).to_csv(tmp_path / "texts.csv", index=False)
    run, out = tmp_path / "run", tmp_path / "found.csv"
    fit = [
        "fit",
        "texts.csv",
        "--backbone",
        vectors,
        "--strategy",
        "linear_probe",
        "--trials",
        "1",
        "--out",
        run,
    ]
    for command in ([*fit, "--text", "text", "--no-experience"], ["predict", run, "texts.csv", "--out", out]):
        subprocess.run([sys.executable, "-m", "autotl", *map(str, command)], cwd=tmp_path, check=True)
    assert (pd.read_csv(out)["label"] == table(16)["label"]).mean() > 0.7


def test_a_run_of_texts_resumes(vectors: Path, tmp_path: Path):
    table(16).to_csv(tmp_path / "texts.csv", index=False)
    options = {"out": tmp_path / "run", "device": "cpu", "experience": False, "watch": Silence()}
    autotl.fit(
        tmp_path / "texts.csv", backbone=vectors, strategies=("linear_probe", "tfidf"), trials=1, **options
    )
    resumed = autotl.resume(tmp_path / "run", trials=3, watch=Silence())
    assert len(resumed.trials()) == 3


def test_several_labels_of_texts_are_predicted(vectors: Path, tmp_path: Path):
    texts, topics = sentences(20)
    tags = [f"{topic};long" if number % 2 else topic for number, topic in enumerate(topics)]
    data = pd.DataFrame({"text": texts, "label": tags})
    result = autotl.fit(
        data, backbone=vectors, target="multi", strategies=("linear_probe", "tfidf"), trials=2,
        out=tmp_path / "run", device="cpu", experience=False, watch=Silence(),
    )  # fmt: skip
    assert result.report["test"]["value"] > 0.5


def test_inputs_and_backbones_must_be_of_one_kind(vectors: Path, tmp_path: Path):
    options = {"trials": 1, "device": "cpu", "experience": False, "watch": Silence()}
    with pytest.raises(WeightsError, match=r"must take text inputs.*got tiny"):
        autotl.fit(table(), backbone="tiny", out=tmp_path / "a", **options)
    with pytest.raises(WeightsError, match=r"must take image inputs.*got vectors"):
        autotl.fit(tiny_images(classes=2, each=10), backbone=vectors, out=tmp_path / "b", **options)
    with pytest.raises(SearchError, match="takes image inputs, and this data has text inputs"):
        autotl.fit(table(), backbone=vectors, strategies="pixels", out=tmp_path / "c", **options)


def test_texts_are_not_exported_for_other_runtimes(result, tmp_path: Path):
    with pytest.raises(ExportError, match="texts"):
        result.export("onnx", out=tmp_path / "onnx")
    with pytest.raises(ExportError, match="texts"):
        result.push_to_hub("someone/texts")
