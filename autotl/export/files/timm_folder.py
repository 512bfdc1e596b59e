"""Copy the model folder of a run, which timm opens."""

from __future__ import annotations

import shutil
from pathlib import Path

from autotl.backbone import is_ensemble
from autotl.errors import ExportError
from autotl.files import write_bytes
from autotl.report.sections.use import LOADER, TIMM, code

README = """# How to load this model

The folder holds {names}. {head} The classes, the preprocessing and the temperature are in it.

```python
{code}
```

Write the path of this folder in place of FOLDER.
"""
LINEAR = "timm opens it, and autotl is not needed."
OTHER = "The head is not linear: `load_model.py` opens it, and timm alone opens the backbone."


def write_timm(folder: Path, model: Path, kind: str) -> None:
    """Copy a model folder, and explain how to load it.

    Args:
        folder: The new folder.
        model: The model folder of the run.
        kind: The kind of target.

    Raises:
        ExportError: The model is an ensemble.
    """
    if is_ensemble(model):
        raise ExportError(
            f"A timm folder must hold one network ({model} is an ensemble). Export it as onnx, or fit "
            "without --ensemble."
        )
    files = sorted(path for path in model.iterdir() if path.is_file())
    for path in files:
        shutil.copyfile(path, folder / path.name)
    names = ", ".join(f"`{path.name}`" for path in files)
    other = (model / "load_model.py").is_file()
    text = README.format(
        names=names,
        head=OTHER if other else LINEAR,
        code=code(LOADER if other else TIMM, kind).replace("RUN/model", "FOLDER"),
    )
    write_bytes(folder / "README.md", text.encode())
