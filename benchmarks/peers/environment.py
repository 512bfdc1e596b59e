"""The virtual environment of each peer: where it is, how it is made, whether it is up to date."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import deque
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
STAMP = "autotl-peer.json"
LAST = 15
"""How many of pip's last lines are shown when it fails."""


class PeerError(Exception):
    """Something about a peer that the user can put right; the text says how."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A folder with ``peer.py`` and ``requirements.txt``, and the environment made for it.

    ``environment`` is empty until :func:`prepare` has made it.
    """

    name: str
    folder: Path
    environment: Path

    @property
    def python(self) -> Path:
        """The interpreter that runs ``peer.py``."""
        return self.environment / "bin" / "python"

    @property
    def requirements(self) -> Path:
        """What pip installs in the environment."""
        return self.folder / "requirements.txt"


def names(folder: Path = HERE) -> list[str]:
    """The peers of a folder, sorted."""
    return sorted(file.parent.name for file in folder.glob("*/peer.py"))


def find(name: str, *, home: Path, folder: Path = HERE) -> Peer:
    """The peer called ``name``, whose environment lies in ``home``; raises :class:`PeerError`."""
    known = names(folder)
    if name not in known:
        raise PeerError(f"No peer called {name!r}. Known: {', '.join(known) or 'none'}.")
    peer = Peer(name, folder / name, home / name)
    if not peer.requirements.is_file():
        raise PeerError(f"Peer {name!r} has no requirements.txt. Write {peer.requirements}; it may be empty.")
    return peer


def trouble(peer: Peer) -> str:
    """Why the environment cannot be used, as a sentence; empty if it can."""
    stamp = _stamp(peer)
    if not stamp or not peer.python.exists():
        return f"Peer {peer.name!r} is not prepared."
    if stamp.get("requirements") != _digest(peer):
        return f"Peer {peer.name!r} was prepared with other requirements."
    return ""


def prepare(peer: Peer, *, python: str = "") -> bool:
    """Make the peer's environment with the given Python, or with this one; False if it is made already.

    An environment made with other requirements, not made to the end, or, where ``python`` is given, made
    with another one, is made anew. Raises :class:`PeerError` with pip's last lines if pip fails.
    """
    chosen = _interpreter(python)
    if not trouble(peer) and (not python or _stamp(peer).get("python") == chosen):
        return False
    root = peer.environment
    if root.exists() and any(root.iterdir()):
        if not (root / "pyvenv.cfg").is_file():
            raise PeerError(
                f"{root} is no virtual environment. Remove it, or set AUTOTL_PEERS to another folder."
            )
        shutil.rmtree(root)
    root.mkdir(parents=True, exist_ok=True)
    wanted = [line for line in peer.requirements.read_text(encoding="utf-8").splitlines() if line.strip()]
    install = any(not line.lstrip().startswith("#") for line in wanted)
    _call(
        [chosen, "-m", "venv", *([] if install else ["--without-pip"]), str(root)], f"venv of {peer.name!r}"
    )
    if install:
        command = [str(peer.python), "-m", "pip", "install", "--disable-pip-version-check"]
        _call([*command, "-r", str(peer.requirements)], f"pip for peer {peer.name!r}")
    stamp = {"requirements": _digest(peer), "python": chosen}
    (root / STAMP).write_text(json.dumps(stamp) + "\n", encoding="utf-8")
    return True


def _interpreter(python: str) -> str:
    found = shutil.which(python) if python else sys.executable
    if not found:
        raise PeerError(f"No Python at {python!r}. Give --python a path or the name of a command.")
    return found


def _digest(peer: Peer) -> str:
    return hashlib.sha256(peer.requirements.read_bytes()).hexdigest()


def _stamp(peer: Peer) -> dict[str, str]:
    try:
        stamp = json.loads((peer.environment / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # never written, or half: both mean that the environment is made anew
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _call(command: list[str], what: str) -> None:
    """Run a command, its output passed on to stderr; raises :class:`PeerError` with its last lines."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    last: deque[str] = deque(maxlen=LAST)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=own
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            last.append(line.rstrip())
    if process.returncode:
        raise PeerError("\n".join([f"The {what} failed. Its last lines:", *last]))
