"""The one call, end to end, on tiny images with the embedded backbone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import autotl
from autotl.api import Arm, Plan, Record
from autotl.errors import BudgetError, CacheError, DataError, RunError, SearchError, UnknownName
from autotl.terminal import Silence
from autotl.testing import tiny_images

pytestmark = pytest.mark.usefixtures("few_epochs")

KEYS = {
    "verdict": {"transfer", "strategy", "backbone", "sentence", "caveat", "cost", "delivered", "warnings"},
    "what": {
        "backbone", "source", "transferred_stages", "frozen_stages", "kept_weights", "replaced", "bn_policy",
    },
    "when": {
        "n_train", "n_classes", "min_per_class", "similarity", "rule_of_thumb", "rule_agreed",
        "transfer_gain", "plateau", "negative_transfer_classes",
    },
    "how": {
        "strategy", "params", "summary", "reference", "phases", "epochs", "augmentation", "image_size",
        "precision", "device",
    },
    "test": {"metric", "value", "ci95", "n", "per_class", "calibration_error", "undefined"},
    "quality": {"imbalance", "duplicates", "leakage", "label_issues", "unreadable"},
    "search": {"gain_over_best_default", "optimism", "trials", "failed", "pruned"},
    "cost": {"seconds", "search_seconds", "overhead_fraction", "images_per_second", "peak_memory_mb",
             "latency_ms", "size_mb", "timeline"},
    "split": {"hash", "train", "val", "test"},
}  # fmt: skip
STRATEGIES = ("direct", "linear_probe", "finetune", "from_scratch", "pixels")  # whatever else is installed
ARM = {"strategy", "backbone", "trials", "best_val", "test", "ci95", "seconds", "state", "reason"}


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, list[str]]:
    return tiny_images(classes=3, each=30, noise=0.4)


@pytest.fixture(scope="module")
def result(
    tmp_path_factory: pytest.TempPathFactory, data: tuple[np.ndarray, list[str]]
) -> autotl.results.Result:
    folder = tmp_path_factory.mktemp("run") / "RUN"
    return autotl.fit(
        data,
        out=folder,
        backbone="tiny",
        trials=5,
        image_size=32,
        strategies=STRATEGIES,
        watch=Silence(),
    )


def test_the_report_has_every_key_of_its_contract(result: autotl.results.Result) -> None:
    report = json.loads((result.folder / "report.json").read_text())
    for part, keys in KEYS.items():
        assert keys <= report[part].keys(), part
    assert {"environment", "command", "seed", "format"} <= report.keys()
    assert all(arm.keys() >= ARM for arm in report["arms"])
    assert report == result.report


def test_the_timeline_covers_the_run_in_order(result: autotl.results.Result) -> None:
    cost = result.report["cost"]
    phases = list(dict.fromkeys(part["phase"] for part in cost["timeline"]))
    assert [phase for phase in phases if phase != "import"] == [
        "prepare",
        "search",
        "finish",
        "test",
        "report",
    ]
    spent = {(part["phase"], part["activity"]) for part in cost["timeline"]}
    assert {("prepare", "forward"), ("search", "train"), ("search", "validate"), ("test", "test")} <= spent
    assert sum(part["seconds"] for part in cost["timeline"]) <= cost["seconds"]


def test_the_run_folder_is_complete_and_holds_no_pickle(result: autotl.results.Result) -> None:
    names = {str(path.relative_to(result.folder)) for path in result.folder.rglob("*") if path.is_file()}
    assert {
        "report.html", "report.json", "report.md", "trials.csv", "profile.json", "split.csv", "study.db",
        "test.csv", "model/config.json", "model/model.safetensors",
    } <= names  # fmt: skip
    assert not {name for name in names if name.endswith((".pkl", ".pt", ".pth", ".bin", ".part"))}
    assert not any("cache" in name for name in names)


def test_every_arm_is_accounted_for(result: autotl.results.Result) -> None:
    arms = {arm["strategy"]: arm for arm in result.report["arms"]}
    assert arms.keys() == {*STRATEGIES}
    assert arms["direct"]["state"] == "skipped"
    assert "knows 0 of the 3 classes" in arms["direct"]["reason"]
    assert all(arms[name]["test"] is not None for name in STRATEGIES if name != "direct")
    assert {arm["backbone"] for arm in arms.values()} == {"tiny", "pixels_16"}


def test_transfer_gain_is_measured_against_the_best_baseline(result: autotl.results.Result) -> None:
    gain = result.report["when"]["transfer_gain"]
    assert gain["baseline"].startswith("pixels trial")  # four epochs from scratch teach nothing
    assert gain["ci95"][0] <= gain["value"] <= gain["ci95"][1]
    assert gain["n"] == result.report["split"]["test"]
    assert "pixels on pixels_16" in result.verdict["sentence"]
    assert "(pixels)" in result.verdict["cost"]


def test_the_plateau_of_the_baseline_brackets_the_gain(result: autotl.results.Result) -> None:
    plateau = result.report["when"]["plateau"]
    assert plateau["arm"] == {"strategy": "from_scratch", "backbone": "tiny"}
    assert plateau["epochs"] == 4
    tests = {arm["strategy"]: arm["test"] for arm in result.report["arms"] if arm["test"] is not None}
    gains = [tests[name] - tests["from_scratch"] for name in ("linear_probe", "finetune")]
    assert any(plateau["gain"] == pytest.approx(gain - plateau["more"], abs=1e-4) for gain in gains)
    low, high = plateau["gain_ci95"]
    assert low <= plateau["gain"] <= high


def test_timm_alone_opens_the_model_and_gives_the_same_logits(
    result: autotl.results.Result, data: tuple[np.ndarray, list[str]], tmp_path: Path
) -> None:
    images, _ = data
    paths = []
    for number in range(4):
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(images[number]).save(paths[-1])
    code = """
import json, sys
import timm, torch
from PIL import Image
model = timm.create_model("local-dir:" + sys.argv[1], pretrained=True).eval()
transform = timm.data.create_transform(**timm.data.resolve_data_config({}, model=model))
with torch.no_grad():
    x = torch.stack([transform(Image.open(path).convert("RGB")) for path in sys.argv[2:]])
    print(json.dumps(model(x).tolist()))
assert "autotl" not in sys.modules
"""
    command = [sys.executable, "-W", "ignore", "-c", code, str(result.folder / "model"), *map(str, paths)]
    theirs = np.array(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
    table = result.predict(paths, top=3)
    ours = table.sort_values(["path", "label"])["probability"].to_numpy().reshape(4, 3)
    names = sorted(result.predictor.classes)
    order = [result.predictor.classes.index(name) for name in names]
    np.testing.assert_allclose(torch.tensor(theirs).softmax(1).numpy()[:, order], ours, atol=1e-4)


def test_a_loaded_run_predicts_as_the_result_did(
    result: autotl.results.Result, data: tuple[np.ndarray, list[str]]
) -> None:
    images, labels = data
    loaded = autotl.load(result.folder)
    pd.testing.assert_frame_equal(loaded.predict(images[:5]), result.predict(images[:5]))
    score = loaded.evaluate((images, labels))
    assert score.n == len(images)
    assert score.value > 0.5
    assert loaded.leaderboard()["strategy"].iloc[0] == result.verdict["strategy"]


def test_saving_copies_the_run_and_never_over_another(result: autotl.results.Result, tmp_path: Path) -> None:
    saved = result.save(tmp_path / "copy")
    assert autotl.load(saved).verdict == result.verdict
    with pytest.raises(RunError, match="not empty"):
        result.save(saved)


def test_a_run_folder_that_is_in_use_is_not_overwritten(
    result: autotl.results.Result, data: tuple[np.ndarray, list[str]]
) -> None:
    with pytest.raises(RunError, match="exists and is not empty"):
        autotl.fit(data, out=result.folder, backbone="tiny", trials=1)


class Interrupting(Silence):
    """Presses Ctrl-C after the second trial."""

    def __init__(self) -> None:
        self.trials = 0

    def scored(self, record: Record, best: Record | None) -> None:
        self.trials += 1
        if self.trials == 2:
            raise KeyboardInterrupt


def test_ctrl_c_leaves_a_usable_run(data: tuple[np.ndarray, list[str]], tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        autotl.fit(data, out=tmp_path / "run", backbone="tiny", trials=9, image_size=32, watch=Interrupting())
    loaded = autotl.load(tmp_path / "run")
    assert len(loaded.predict(data[0][:2])) == 2
    assert "The search was interrupted." in loaded.report["notes"]


class Breaking:
    """A strategy that breaks when it is built."""

    name, summary, reference, baseline = "breaking", "breaks", "none", False


@pytest.mark.parametrize(
    ("wrong", "error", "match"),
    [
        ({"budget": "soon"}, BudgetError, "Cannot read 'soon'"),
        ({"trials": 0}, BudgetError, "at least 1"),
        ({"backbone": "resnet_18"}, UnknownName, "No backbone called 'resnet_18'"),
        ({"strategies": "linear_prob"}, UnknownName, "Did you mean 'linear_probe'"),
        ({"without": ["nobody"]}, UnknownName, "No plugin called 'nobody'"),
        ({"metric": "acc"}, UnknownName, "No metric called 'acc'"),
        ({"device": "gpu"}, UnknownName, "No device called 'gpu'"),
        ({"test": 0.0}, DataError, "test"),
        ({"cache": "much"}, CacheError, "'2GiB' or '500MB', or 'off'"),
        ({"processes": 0}, RunError, r"processes must be 1 or more \(got 0\)"),
        ({"strategies": ["direct"]}, SearchError, "knows 0 of the 3 classes"),
    ],
)
def test_a_users_mistake_is_told_in_words(
    wrong: dict[str, object], error: type[Exception], match: str, data: tuple[np.ndarray, list[str]]
) -> None:
    arguments = {"backbone": "tiny", "trials": 1, "watch": Silence(), **wrong}
    with pytest.raises(error, match=match):
        autotl.fit(data, **arguments)  # type: ignore[arg-type]


def test_without_the_cache_the_search_runs_all_the_same(
    data: tuple[np.ndarray, list[str]], tmp_path: Path
) -> None:
    found = autotl.fit(
        data, out=tmp_path / "run", backbone="tiny", trials=1, strategies="finetune", image_size=32,
        cache="off", watch=Silence(),
    )  # fmt: skip
    assert found.report["search"]["failed"] == 0


def test_analyze_trains_nothing_and_has_the_same_keys(data: tuple[np.ndarray, list[str]]) -> None:
    profile = autotl.analyze(data, backbone="tiny")
    assert profile.keys() == {"target", "when", "quality", "modality", "inputs"}
    likeness = profile["when"]["similarity"]["tiny"]["frechet"]
    assert 0 <= likeness["ci95"][0] <= likeness["calibrated"] <= likeness["ci95"][1] <= 1
    assert likeness["reference"] == "shipped"


class Told(Silence):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.plan: Plan | None = None
        self.records: list[Record] = []
        self.progress: list[float] = []

    def started(self, plan: Plan) -> None:
        self.plan = plan

    def learning(self, arm: Arm, *, number: int, fold: int, score: float | None, progress: float) -> None:
        self.progress.append(progress)

    def scored(self, record: Record, best: Record | None) -> None:
        self.records.append(record)


def test_a_watch_is_told_of_everything(data: tuple[np.ndarray, list[str]]) -> None:
    told = Told()
    autotl.fit(data, backbone="tiny", trials=2, image_size=32, watch=told, strategies=["linear_probe"])
    assert told.plan is not None
    assert [arm.strategy for arm in told.plan.arms] == ["linear_probe"]
    assert len(told.records) == 2
    assert told.progress


def test_without_a_baseline_the_report_says_that_the_gain_was_not_measured(
    data: tuple[np.ndarray, list[str]],
) -> None:
    found = autotl.fit(
        data, backbone="tiny", trials=1, image_size=32, watch=Silence(), strategies="linear_probe"
    )
    assert found.report["when"]["transfer_gain"] is None
    assert "not measured" in found.verdict["sentence"]
    assert found.verdict["transfer"] is None
    assert found.verdict["delivered"].startswith("Delivered: linear_probe on tiny (")
    assert (found.folder / "report.html").is_file()
