"""Make the strategies of this benchmark plugins of the processes that run it."""

from __future__ import annotations

from pathlib import Path

MODULES = ("same_recipe", "hasty_scratch")


def offer(folder: Path) -> None:
    """Write what makes the strategies plugins of any process that has ``folder`` on its path."""
    info = folder / "autotl_truth-0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: autotl-truth\nVersion: 0\n", encoding="utf-8"
    )
    points = "".join(f"{name} = benchmarks.truth.{name}\n" for name in MODULES)
    (info / "entry_points.txt").write_text(f"[autotl]\n{points}", encoding="utf-8")
