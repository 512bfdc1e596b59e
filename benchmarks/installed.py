"""Install a plugin for a process and its children, without changing the environment."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def with_plugin(folder: Path, module: str) -> dict[str, str]:
    """Return environment variables for a process with the plugin ``module`` of this repository.

    Args:
        folder: Folder for the plugin's metadata, which must exist while the process runs.
        module: Name of the plugin's module.
    """
    name = module.rpartition(".")[2]
    metadata = folder / f"autotl_{name}-0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: autotl-{name}\nVersion: 0\n")
    (metadata / "entry_points.txt").write_text(f"[autotl]\n{name} = {module}\n")
    paths = [str(folder), str(ROOT), os.environ.get("PYTHONPATH", "")]
    return dict(os.environ) | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
