"""Execute the notebooks of the documentation, and find what their outputs must not hold."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
MAX_BYTES = 300_000
SECONDS = 600
"""The longest time of a cell."""
ABSOLUTE = re.compile(r"(?<![\w.:/])/(?:home|root|tmp|work|opt|usr|var|mnt|private|Users)/[\w.-]+|[A-Z]:\\\\")
"""A path of the machine that executed a notebook."""
RAY = "Missing packages: ['ipywidgets']"
"""A line of Ray, which it prints in each kernel if it is installed."""
KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


def executed(path: Path, folder: Path) -> dict[str, Any]:
    """Execute a notebook in a folder, and return it with its outputs.

    Metadata that change with each execution are left out.
    """
    import nbformat
    from nbclient import NotebookClient

    # nbformat has no types
    notebook: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    where = {"metadata": {"path": str(folder)}}
    NotebookClient(
        notebook, timeout=SECONDS, kernel_name="python3", resources=where, record_timing=False
    ).execute()
    found: dict[str, Any] = json.loads(json.dumps(notebook))
    found["metadata"] = KERNEL
    for number, cell in enumerate(found["cells"]):
        cell["id"], cell["metadata"] = f"cell-{number}", {}
        for output in cell.get("outputs", []):
            if output.get("data", {}).get("text/plain", "").startswith("<IPython.core.display"):
                del output["data"]["text/plain"]  # as text, a display of HTML shows nothing
    return found


def faults(notebook: dict[str, Any]) -> Iterator[str]:
    """Yield what the outputs of a notebook must not hold."""
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "code":
            continue
        if cell["execution_count"] is None:
            yield f"cell {number} was not executed"
        for output in cell["outputs"]:
            text = json.dumps(output, ensure_ascii=False)
            if output["output_type"] == "error":
                yield f"cell {number} raised {output['ename']}: {output['evalue']}"
            if output.get("name") == "stderr" and RAY not in text:
                yield f"cell {number} printed on standard error: {text[:200]}"
            if "jupyter.widget" in text:
                yield f"cell {number} needs ipywidgets"
            if path := ABSOLUTE.search(text):
                yield f"cell {number} shows a path of a machine: {path[0]}"
