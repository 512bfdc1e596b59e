"""Build the documentation as a site: ``python -m docs.site``, with ``--serve`` to look at it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from docs.site.staging import stage

ROOT = Path(__file__).parents[2]
PAGES, SITE = ROOT / "build" / "pages", ROOT / "build" / "site"
"""The folders of the pages and of the built site; ``mkdocs.yml`` names them too."""
COLOUR = re.compile(r"\x1b\[[\d;]*m")
WARNING = re.compile(r"\b(warning|error)\b", re.IGNORECASE)
LOADED = re.compile(
    r"<(?:script|img|iframe)\b[^>]*\bsrc=[\"']?(https?:[^\"'\s>]+)"
    r"|<link\b(?=[^>]*\brel=[\"']?(?:stylesheet|icon|preconnect))[^>]*\bhref=[\"']?(https?:[^\"'\s>]+)"
)


def main(arguments: list[str]) -> int:
    """Collect the pages, and build or serve the site; return the exit status."""
    stage(ROOT, PAGES)
    command = [sys.executable, "-m", "zensical"]
    if "--serve" in arguments:
        return subprocess.run([*command, "serve"], cwd=ROOT).returncode
    built = subprocess.run(
        [*command, "build", "--clean", "--strict"],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    output = COLOUR.sub("", built.stdout)
    print(output, end="")
    # mkdocstrings logs its warnings, and the strict mode counts those of links alone
    faults = [line for line in output.splitlines() if WARNING.search(line)]
    faults += [f"{page.relative_to(SITE)} loads {address}" for page, address in loaded_from_elsewhere(SITE)]
    print("\n".join(faults) or f"The site is in {SITE}")
    return built.returncode or int(bool(faults))


def loaded_from_elsewhere(site: Path) -> Iterator[tuple[Path, str]]:
    """Yield the pages that load a file from another host, with its address."""
    for page in sorted(site.rglob("*.html")):
        for one, other in LOADED.findall(page.read_text(encoding="utf-8")):
            yield page, one or other


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
