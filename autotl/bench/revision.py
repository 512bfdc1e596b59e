"""The revision of a distribution: a git commit, or a hash."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterable
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlparse

GIT_SECONDS = 10
"""Seconds that a git command may take."""


@cache
def revision(name: str) -> str:
    """Return the revision of an installed distribution.

    It is "git:COMMIT" or "files:HASH"; "" if no such distribution is installed. The commit is that of an
    installation from git, or of an editable installation without changes. Every other installation has a hash
    of its source files, which an equal installation elsewhere repeats.
    """
    try:
        installed = distribution(name)
    except (PackageNotFoundError, ValueError):
        return ""
    origin = json.loads(installed.read_text("direct_url.json") or "{}")
    if commit := origin.get("vcs_info", {}).get("commit_id"):
        return f"git:{commit}"
    if not origin.get("dir_info", {}).get("editable"):
        return _hash(_installed_files(installed))
    folder = Path(unquote(urlparse(origin["url"]).path))
    return _clean_commit(folder) or _hash(_package_files(installed))


def _clean_commit(folder: Path) -> str:
    """Return the commit of a folder; "" if it has changes or is not in git."""
    changes, commit = _git(folder, "status", "--porcelain", "--", "."), _git(folder, "rev-parse", "HEAD")
    return f"git:{commit.strip()}" if changes == "" and commit else ""


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return None if done.returncode else done.stdout


def _installed_files(installed: Distribution) -> dict[str, Path]:
    """Return the files of an ordinary installation by name, without metadata and bytecode."""
    return {
        file.as_posix(): Path(str(installed.locate_file(file)))
        for file in installed.files or ()
        if file.suffix != ".pyc" and not file.parts[0].endswith(".dist-info") and ".." not in file.parts
    }


def _package_files(installed: Distribution) -> dict[str, Path]:
    """Return the source files of an editable installation's top-level packages and modules by name."""
    found: dict[str, Path] = {}
    tops = {*(installed.read_text("top_level.txt") or "").split()}
    tops |= {point.module.partition(".")[0] for point in installed.entry_points}
    for top in sorted(tops):
        spec = find_spec(top)
        for folder in map(Path, (spec and spec.submodule_search_locations) or ()):
            files = (path for path in folder.rglob("*") if path.suffix != ".pyc" and path.is_file())
            found |= {f"{top}/{path.relative_to(folder).as_posix()}": path for path in files}
        if spec and spec.origin and not spec.submodule_search_locations:
            found[Path(spec.origin).name] = Path(spec.origin)
    return found


def _hash(files: dict[str, Path]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name, path in _existing(files.items()):
        content = path.read_bytes()
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return f"files:{digest.hexdigest()}"


def _existing(files: Iterable[tuple[str, Path]]) -> list[tuple[str, Path]]:
    return sorted((name, path) for name, path in files if path.is_file())
