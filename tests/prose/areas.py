"""Divide the repository into areas, and read the bounds that each must keep."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from tests.prose.measure import Measures, measure

ROOT = Path(__file__).parents[2]
BOUNDS = Path(__file__).with_name("bounds.toml")
OVERALL = "overall"
RATES = ("phrases", "long", "openers", "summaries", "args", "attributes")


def areas(root: Path = ROOT) -> dict[str, list[Path]]:
    """Return the files of each area: a package of autotl, the plugins, the pages of docs, or one page."""
    found: dict[str, list[Path]] = {}
    for path in sorted((root / "autotl").rglob("*.py")):
        folders = path.relative_to(root).parent.parts
        found.setdefault("/".join(folders[:2]), []).append(path)
    plugins = sorted((root / "plugins").rglob("*.py")) + sorted((root / "plugins").rglob("*.md"))
    found["plugins"] = [each for each in plugins if "tests" not in each.parts]
    found["docs"] = sorted((root / "docs").rglob("*.md"))
    pages = [
        *root.glob("*.md"),
        *(root / "benchmarks").glob("*.md"),
        *(root / "benchmarks/results").glob("README.md"),
    ]
    found |= {str(page.relative_to(root)): [page] for page in sorted(pages)}
    return found


def measured(root: Path = ROOT) -> dict[str, Measures]:
    """Return the measures of each area; the form of docstrings counts in the package autotl."""
    return {name: measure(files, forms=name.startswith("autotl")) for name, files in areas(root).items()}


def bounds() -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Return the target, which new areas must keep, and the bounds of the areas that exist."""
    read = tomllib.loads(BOUNDS.read_text(encoding="utf-8"))
    return read["target"], read["areas"]


def lowered(found: Mapping[str, Measures]) -> str:
    """Return the text of ``bounds.toml`` with each bound that is above the measured value lowered to it."""
    target, old = bounds()
    lines = []
    for name, kept in old.items():
        if name not in found:
            continue
        rates = found[name].rates()
        new = {rate: max(target[rate], min(kept[rate], math.ceil(10 * rates[rate]) / 10)) for rate in RATES}
        inside = ", ".join(f"{rate} = {value:g}" for rate, value in new.items())
        lines.append(f'"{name}" = {{ {inside} }}')
    head = BOUNDS.read_text(encoding="utf-8").partition("[areas]\n")[0]
    return re.sub(r"\n*\Z", "\n\n", head) + "[areas]\n" + "\n".join(lines) + "\n"
