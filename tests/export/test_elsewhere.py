"""Files that do not run on this computer: their record, and the script that verifies them elsewhere."""

from __future__ import annotations

import json
import runpy
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autotl
from autotl.api import TargetSpec
from autotl.export.checking.comparison import Compared
from autotl.export.checking.elsewhere import verification_script
from autotl.export.files.coreml_package import FACTS
from autotl.export.formats import FORMATS
from autotl.targets import target_of
from tests.support.command_line import Run


def exit_status(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run verify.py in this process, as ``python verify.py`` does."""
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, "predict", raising=False)
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(folder / "verify.py"), run_name="__main__")
    monkeypatch.delitem(sys.modules, "predict")
    return int(ended.value.code or 0)


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that torch's file runs on another system only."""
    monkeypatch.setitem(FORMATS, "pt2", replace(FORMATS["pt2"], system="Elsewhere"))  # type: ignore[attr-defined]  # a dict


@pytest.mark.usefixtures("elsewhere")
def test_the_script_compares_a_file_with_the_answers_of_autotl(
    run: Run,
    finished: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    code, said, _ = run("export", finished, "--format", "pt2", "--out", out)
    assert code == 0
    assert "Run verify.py on a computer with torch." in " ".join(said.split())
    record = json.loads((out / "export.json").read_text())
    assert (record["verification"], record["unverified"][:12]) == (None, "The file can")
    assert "`verify.py` compares them" in (out / "MODEL_CARD.md").read_text()
    assert exit_status(out, monkeypatch) == 0
    assert capsys.readouterr().out.startswith("100.0% of 26 images have equal answers")
    kept = np.load(out / "answers.npz")
    assert kept["pixels"].shape == (26, 32, 32, 3)
    np.savez(out / "answers.npz", pixels=kept["pixels"][::-1], predictions=kept["predictions"])
    assert exit_status(out, monkeypatch) == 1


@pytest.mark.parametrize("size", [0.0, 1e-6, 3e-5, 1e-3, 0.3])
@pytest.mark.parametrize(
    "spec",
    [
        TargetSpec("single_label", ("a", "b", "c")),
        TargetSpec("multi_label", ("a", "b", "c")),
        TargetSpec("regression", ("a", "b", "c")),
    ],
    ids=lambda spec: spec.kind,
)
def test_the_script_judges_answers_as_autotl_does(
    spec: TargetSpec, size: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    expected = rng.dirichlet(np.ones(3), 50)
    if spec.kind == "regression":  # the last number hardly varies: float32 is coarser than its spread
        expected = expected * [1.0, 100.0, 1e-4] + [0.0, 0.0, 2000.0]
    found = expected * (1 + size * rng.normal(size=expected.shape))
    monkeypatch.setitem(sys.modules, "predict", ModuleType("predict"))
    script: dict[str, Any] = {"__name__": "verify", "__file__": "verify.py"}
    exec(verification_script(FORMATS["pt2"]), script)
    outputs = expected.astype(np.float32)
    both = Compared(target_of(spec), expected, found, outputs, outputs)
    assert script["same"](expected, found, spec.kind).mean() == both.equal_labels


@pytest.mark.skipif(find_spec("coremltools") is None, reason="autotl[coreml] is not installed")
@pytest.mark.skipif(FORMATS["coreml"].runs_here(), reason="Core ML runs here, so the package is verified")
def test_a_core_ml_package_has_the_facts_and_is_not_called_verified(finished: Path, tmp_path: Path) -> None:
    import coremltools

    out = autotl.load(finished).export("coreml", out=tmp_path / "out")
    found = coremltools.utils.load_spec(str(out / "model.mlpackage")).description
    record = json.loads((out / "export.json").read_text())
    facts = json.loads(found.metadata.userDefined[FACTS])
    assert facts == record["facts"]
    assert facts["names"] == json.loads((finished / "report.json").read_text())["classes"]
    assert [each.name for each in found.output] == ["predictions", "outputs"]
    assert record["verification"] is None
    assert "coremltools" in record["unverified"]
    names = {each["name"] for each in record["files"]}
    assert {"model.mlpackage/Manifest.json", "predict.py", "verify.py", "answers.npz"} <= names
