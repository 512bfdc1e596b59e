"""The revision of a distribution: a hash, and a git commit."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterable
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

GIT_SECONDS = 10
"""Seconds that a git command may take."""


@cache
def revision(name: str) -> str:
    """Return the revision of an installed distribution, "files:HASH".

    It is a hash of the source files, so equal files have one revision, however they were installed. It is ""
    if no such distribution is installed.
    """
    installed = _installed(name)
    if installed is None:
        return ""
    editable = _origin(installed).get("dir_info", {}).get("editable")
    return _hash(_package_files(installed) if editable else _installed_files(installed))


def commit(name: str) -> str:
    """Return the git commit of an installed distribution.

    It is that of an installation from git, or of an editable installation whose tracked files are unchanged;
    otherwise "". It is information only: untracked files may differ.
    """
    installed = _installed(name)
    origin = _origin(installed) if installed else {}
    if known := origin.get("vcs_info", {}).get("commit_id"):
        return str(known)
    if not origin.get("dir_info", {}).get("editable"):
        return ""
    return _clean_commit(Path(unquote(urlparse(origin["url"]).path)))


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except (PackageNotFoundError, ValueError):
        return None


def _origin(installed: Distribution) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(installed.read_text("direct_url.json") or "{}")
    return found


def _clean_commit(folder: Path) -> str:
    """Return the commit of a folder; "" if a tracked file has changes, or it is not in git."""
    changes = _git(folder, "status", "--porcelain", "--untracked-files=no", "--", ".")
    found = _git(folder, "rev-parse", "HEAD")
    return found.strip() if changes == "" and found else ""


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
            files = (path.relative_to(folder) for path in folder.rglob("*") if path.suffix != ".pyc")
            found |= {f"{top}/{file.as_posix()}": folder / file for file in files if not _hidden(file)}
        if spec and spec.origin and not spec.submodule_search_locations:
            found[Path(spec.origin).name] = Path(spec.origin)
    return found


def _hidden(file: Path) -> bool:
    return any(part.startswith(".") for part in file.parts)


def _hash(files: dict[str, Path]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name, path in _existing(files.items()):
        content = path.read_bytes()
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return f"files:{digest.hexdigest()}"


def _existing(files: Iterable[tuple[str, Path]]) -> list[tuple[str, Path]]:
    return sorted((name, path) for name, path in files if path.is_file())
