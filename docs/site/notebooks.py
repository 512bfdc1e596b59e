"""Turn a notebook into a page: its text, code, and printed or drawn results."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def notebook_page(notebook: Path, folder: Path) -> str:
    """Return a notebook as Markdown.

    Args:
        notebook: The notebook, in the format nbformat 4.
        folder: The folder of the page, which gets the drawn results as PNG files.
    """
    document = json.loads(notebook.read_text(encoding="utf-8"))
    parts = []
    for number, cell in enumerate(document["cells"]):
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source)
        elif cell["cell_type"] == "code" and source.strip():
            parts.append(f"```python\n{source}\n```")
            parts += _results(cell["outputs"], folder, f"{notebook.stem}-{number}")
    return "\n\n".join(parts) + "\n"


def _results(outputs: list[Mapping[str, Any]], folder: Path, stem: str) -> Iterator[str]:
    """Yield the results of a cell; errors and interactive results are left out."""
    for number, output in enumerate(outputs):
        data: Mapping[str, Any] = output.get("data", {"text/plain": output.get("text", "")})
        if "image/png" in data:
            folder.mkdir(parents=True, exist_ok=True)
            picture = folder / f"{stem}-{number}.png"
            picture.write_bytes(base64.b64decode("".join(data["image/png"])))
            yield f"![Result of the cell above]({picture.name})"
        elif text := "".join(data.get("text/plain", "")).rstrip():
            yield f"```text\n{text}\n```"
