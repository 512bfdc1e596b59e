"""Collect the pages of the site in one folder, with the same paths as in the repository."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from docs.site.lists import measure_list, strategy_list
from docs.site.markdown import for_site
from docs.site.notebooks import notebook_page

PATTERNS = ("*.md", "docs/**/*.md", "plugins/**/README.md", "benchmarks/**/*.md")
STYLE = "docs/site/extra.css"
NOTEBOOKS = "docs/notebooks/*.ipynb"
LINK = re.compile(r"\]\(([^)\s#]+)[^)\s]*\)|(?:src|href)=\"([^\"#]+)[^\"]*\"")
MARKER = re.compile(r"^<!-- list of ([a-z ]+) -->$", re.MULTILINE)
ONLY_HERE = re.compile(r"^<!-- only in the repository -->\n.+?(?:\n\n|\Z)", re.MULTILINE | re.DOTALL)
"""A paragraph that the site leaves out."""
LISTS: Mapping[str, Callable[[], str]] = {"strategies": strategy_list, "measures": measure_list}
"""The lists that replace their marker, ``<!-- list of NAME -->``, on the site."""


def pages(root: Path) -> list[Path]:
    """Return the Markdown pages of the repository."""
    return sorted(page for pattern in PATTERNS for page in root.glob(pattern))


def stage(root: Path, target: Path) -> None:
    """Write the pages and all files that they link to into a new folder.

    Args:
        root: The repository.
        target: The folder, which is replaced.
    """
    root = root.resolve()
    shutil.rmtree(target, ignore_errors=True)
    _copy(root / STYLE, target / STYLE)
    for page in pages(root):
        text = page.read_text(encoding="utf-8")
        for file in linked_files(page, text, root):
            _copy(file, target / file.relative_to(root))
        _write(target / page.relative_to(root), page_for_site(text))
    for notebook in sorted(root.glob(NOTEBOOKS)):
        place = target / notebook.relative_to(root)
        _write(place.with_suffix(".md"), notebook_page(notebook, place.parent))


def page_for_site(text: str) -> str:
    """Return a page as Zensical reads it, with its lists filled in."""
    return MARKER.sub(lambda found: LISTS[found[1]](), for_site(ONLY_HERE.sub("", text)))


def linked_files(page: Path, text: str, root: Path) -> Iterator[Path]:
    """Yield the files of the repository that a page links to, other than pages.

    Args:
        page: The page.
        text: Its content.
        root: The repository.
    """
    for one, other in LINK.findall(text):
        file = (page.parent / (one or other)).resolve()
        if file.is_file() and file.suffix != ".md" and file.is_relative_to(root):
            yield file


def _copy(file: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, target)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
