"""Register the strategies of this benchmark as plugins."""

from __future__ import annotations

from pathlib import Path

MODULES = ("same_recipe", "hasty_scratch")


def write_plugin(folder: Path) -> None:
    """Write the metadata of a plugin, which processes with ``folder`` on their path load."""
    info = folder / "autotl_truth-0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: autotl-truth\nVersion: 0\n", encoding="utf-8"
    )
    entry_points = "".join(f"{name} = benchmarks.truth.{name}\n" for name in MODULES)
    (info / "entry_points.txt").write_text(f"[autotl]\n{entry_points}", encoding="utf-8")
