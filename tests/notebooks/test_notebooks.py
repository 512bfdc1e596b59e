"""The notebooks of the documentation run, and their outputs fit every machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.notebooks.executing import MAX_BYTES, NOTEBOOKS, executed, faults


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_small_and_has_outputs_without_faults(path: Path) -> None:
    assert path.stat().st_size < MAX_BYTES
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert list(faults(notebook)) == []
    assert any(cell.get("outputs") for cell in notebook["cells"])


def test_faults_are_found() -> None:
    outputs = [
        {"output_type": "stream", "name": "stderr", "text": ["TqdmWarning: IProgress not found"]},
        {"output_type": "error", "ename": "KeyError", "evalue": "x", "traceback": []},
        {"output_type": "display_data", "data": {"text/html": ["<code>/home/me/run/report.html</code>"]}},
        {"output_type": "display_data", "data": {"application/vnd.jupyter.widget-view+json": {}}},
    ]
    cells = [
        {"cell_type": "markdown", "source": []},
        {"cell_type": "code", "execution_count": None, "outputs": outputs},
    ]
    found = " ".join(faults({"cells": cells}))
    for part in ("not executed", "standard error", "raised KeyError", "/home/me", "ipywidgets"):
        assert part in found


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Jupyter's own, about its event loop and folders
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_without_warnings_and_widgets(path: Path, tmp_path: Path) -> None:
    pytest.importorskip("nbclient", reason="autotl[dev] executes notebooks")
    assert list(faults(executed(path, tmp_path))) == []
