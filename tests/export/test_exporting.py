"""Exports of a whole run: the file predicts as autotl does, or there is no file."""

from __future__ import annotations

import csv
import io
import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import autotl
from autotl.errors import ExportError, RunError
from autotl.export import exporting
from autotl.export.script import script
from tests.support.command_line import Run

needs_onnx = pytest.mark.skipif(
    any(find_spec(name) is None for name in ("onnx", "onnxscript", "onnxruntime")),
    reason="autotl[export] is not installed",
)


def labels(folder: Path, file: str, paths: list[Path], *, banned: str) -> dict[str, list[str]]:
    """Run predict.py as a user does, in a process that cannot import some packages."""
    code = f"""
import runpy, sys
for name in {banned.split()!r}:
    sys.modules[name] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
    words = [sys.executable, "-B", "-c", code, str(folder / "predict.py"), str(folder / file)]
    ended = subprocess.run([*words, *map(str, paths)], capture_output=True, text=True, check=True)
    return {line.split("\t")[0]: line.split("\t")[1:] for line in ended.stdout.splitlines()}


@needs_onnx
def test_an_onnx_file_gives_the_answers_of_predict(
    run: Run, finished: Path, photos: Path, tmp_path: Path
) -> None:
    out = tmp_path / "exported"
    code, said, err = run("export", finished, "--format", "onnx", "--out", out)
    assert (code, err) == (0, "")
    assert "100.0% equal labels" in said
    assert {each.name for each in out.iterdir()} == {
        "model.onnx",
        "predict.py",
        "export.json",
        "MODEL_CARD.md",
    }
    record = json.loads((out / "export.json").read_text())
    found = record["verification"]
    report = json.loads((finished / "report.json").read_text())
    assert (found["source"], found["images"]) == ("test images", report["split"]["test"])
    assert found["score"] == pytest.approx(report["test"]["value"], abs=1e-6)
    assert found["largest_difference"] < 1e-4
    assert found["batch_sizes"][:2] == [1, 2]
    assert record["facts"]["names"] == report["classes"]
    paths = sorted(photos.rglob("*.*"))
    theirs = labels(out, "model.onnx", paths, banned="autotl torch torchvision timm pandas")
    code, table, _ = run("predict", finished, photos)
    rows = list(csv.DictReader(io.StringIO(table)))
    assert {row["path"]: row["label"] for row in rows} == {path: each[0] for path, each in theirs.items()}
    assert all(abs(float(row["probability"]) - float(theirs[row["path"]][1])) < 1e-3 for row in rows)


@pytest.mark.skipif(find_spec("openvino") is None, reason="autotl[openvino] is not installed")
def test_the_advice_names_the_file_that_predict_py_opens(
    run: Run, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "500")
    code, said, _ = run("export", finished, "--format", "openvino", "--out", tmp_path / "out")
    assert code == 0
    assert f"{tmp_path / 'out' / 'predict.py'} {tmp_path / 'out' / 'model.xml'} photo.jpg" in said


def test_a_file_with_other_answers_is_not_kept(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blackened(form: object) -> str:
        return script(form).replace("return np.asarray(canvas)", "return np.zeros_like(canvas)")  # type: ignore[arg-type]

    monkeypatch.setattr(exporting, "script", blackened)
    with pytest.raises(ExportError, match=r"model\.pt2 must .* as autotl does"):
        autotl.load(finished).export("pt2", out=tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_the_working_folder_can_be_the_new_one(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    folder = autotl.load(finished).export("timm", out=".")
    assert (folder / "export.json").is_file()
    assert [each.name for each in tmp_path.iterdir()] == ["here"]


def test_lost_images_leave_no_path_in_the_record(finished: Path, photos: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(finished, copy)
    text = (copy / "run.json").read_text()
    (copy / "run.json").write_text(text.replace(str(photos), str(tmp_path / "moved")))
    folder = autotl.load(copy).export("pt2")
    text = (folder / "export.json").read_text()
    assert json.loads(text)["verification"]["why"] == exporting.GONE
    assert str(tmp_path) not in text


def test_a_timm_export_is_a_copy_with_instructions(finished: Path, tmp_path: Path) -> None:
    folder = autotl.load(finished).export("timm", out=tmp_path / "out")
    assert folder == tmp_path / "out"
    model = finished / "model" / "model.safetensors"
    assert (folder / "model.safetensors").read_bytes() == model.read_bytes()
    assert "local-dir:FOLDER" in (folder / "README.md").read_text()
    assert json.loads((folder / "export.json").read_text())["verification"] is None


def test_wrong_calls_are_refused_before_anything_is_written(
    run: Run, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    full, empty = tmp_path / "full", tmp_path / "empty"
    empty.mkdir()
    full.mkdir()
    (full / "notes.txt").touch()
    for words, reason in (
        ((finished, "--format", "tensorrt"), "No export format called 'tensorrt'."),
        ((finished, "--format", "pt2", "--int8"), "only onnx has it"),
        ((finished, "--format", "pt2", "--out", full), "exists and is not empty"),
        ((empty, "--format", "pt2", "--out", tmp_path / "out"), "is not a run folder"),
    ):
        code, out, err = run("export", *words)
        assert (code, out) == (2, ""), words
        assert reason in err
    assert sorted(each.name for each in tmp_path.iterdir()) == ["empty", "full"]
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    assert "pip install 'autotl[export]'" in run("export", finished)[2]


def test_a_result_that_was_made_by_hand_names_the_way_to_export(finished: Path) -> None:
    loaded = autotl.load(finished)
    bare = autotl.results.Result(finished, loaded.report, device="cpu", read=lambda data, columns: data)
    with pytest.raises(ExportError, match="Load its folder"):
        bare.export("timm")
    with pytest.raises(RunError, match="not a run folder"):
        autotl.load(finished.parent)
