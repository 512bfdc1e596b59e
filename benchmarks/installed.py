"""Install a plugin for a process and its children, as pip would do it, without touching the environment."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def with_plugin(folder: Path, module: str) -> dict[str, str]:
    """An environment in which the plugin ``module`` of this folder is installed; ``folder`` has to stay."""
    name = module.rpartition(".")[2]
    about = folder / f"autotl_{name}-0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: autotl-{name}\nVersion: 0\n")
    (about / "entry_points.txt").write_text(f"[autotl]\n{name} = {module}\n")
    paths = [str(folder), str(ROOT), os.environ.get("PYTHONPATH", "")]
    return dict(os.environ) | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
