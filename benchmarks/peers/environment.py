"""Create the virtual environment of each peer, and check that it is up to date."""

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
LAST_LINES = 15
"""Number of lines of output that an error shows."""


class PeerError(Exception):
    """A problem with a peer that the user can solve."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer: its folder with ``peer.py`` and ``requirements.txt``, and its environment.

    The environment exists after :func:`prepare`.
    """

    name: str
    folder: Path
    environment: Path

    @property
    def python(self) -> Path:
        """The interpreter of the environment."""
        return self.environment / "bin" / "python"

    @property
    def requirements(self) -> Path:
        """The file with the packages of the environment."""
        return self.folder / "requirements.txt"


def names(folder: Path = HERE) -> list[str]:
    """Return the names of all peers, sorted."""
    return sorted(file.parent.name for file in folder.glob("*/peer.py"))


def find(name: str, *, home: Path, folder: Path = HERE) -> Peer:
    """Return a peer by name.

    Args:
        name: Name of the peer.
        home: Folder of the environments.
        folder: Folder of the peers.

    Raises:
        PeerError: If the peer is unknown or has no requirements.txt.
    """
    known = names(folder)
    if name not in known:
        raise PeerError(f"Unknown peer {name!r}. Known: {', '.join(known) or 'none'}.")
    peer = Peer(name, folder / name, home / name)
    if not peer.requirements.is_file():
        raise PeerError(
            f"Peer {name!r} has no requirements.txt. Create {peer.requirements}; it may be empty."
        )
    return peer


def problem(peer: Peer) -> str:
    """Return the reason why the environment cannot be used; "" if it can."""
    stamp = _stamp(peer)
    if not stamp or not peer.python.exists():
        return f"Peer {peer.name!r} is not prepared."
    if stamp.get("requirements") != _digest(peer):
        return f"Peer {peer.name!r} was prepared with other requirements."
    return ""


def prepare(peer: Peer, *, python: str = "") -> bool:
    """Create the peer's environment, and return whether it had to be created.

    An environment is created again if it is incomplete, if the requirements changed, or if ``python`` is
    given and differs.

    Args:
        peer: The peer.
        python: Path or name of the interpreter; "" for the running one.

    Raises:
        PeerError: If pip fails, with the last lines of its output.
    """
    interpreter = _interpreter(python)
    if not problem(peer) and (not python or _stamp(peer).get("python") == interpreter):
        return False
    root = peer.environment
    if root.exists() and any(root.iterdir()):
        if not (root / "pyvenv.cfg").is_file():
            raise PeerError(
                f"{root} is not a virtual environment. Remove it, or set AUTOTL_PEERS to another folder."
            )
        shutil.rmtree(root)
    root.mkdir(parents=True, exist_ok=True)
    packages = [line for line in peer.requirements.read_text(encoding="utf-8").splitlines() if line.strip()]
    install = any(not line.lstrip().startswith("#") for line in packages)
    _call(
        [interpreter, "-m", "venv", *([] if install else ["--without-pip"]), str(root)],
        f"venv of {peer.name!r}",
    )
    if install:
        command = [str(peer.python), "-m", "pip", "install", "--disable-pip-version-check"]
        _call([*command, "-r", str(peer.requirements)], f"pip for peer {peer.name!r}")
    stamp = {"requirements": _digest(peer), "python": interpreter}
    (root / STAMP).write_text(json.dumps(stamp) + "\n", encoding="utf-8")
    return True


def _interpreter(python: str) -> str:
    found = shutil.which(python) if python else sys.executable
    if not found:
        raise PeerError(f"--python must be the path or name of an interpreter (got {python!r}).")
    return found


def _digest(peer: Peer) -> str:
    return hashlib.sha256(peer.requirements.read_bytes()).hexdigest()


def _stamp(peer: Peer) -> dict[str, str]:
    try:
        stamp = json.loads((peer.environment / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # missing or incomplete: the environment has to be created again
        return {}
    return stamp if isinstance(stamp, dict) else {}


def _call(command: list[str], name: str) -> None:
    """Run a command; raise :class:`PeerError` with the last lines of its output if it fails."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    last: deque[str] = deque(maxlen=LAST_LINES)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", env=own
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            last.append(line.rstrip())
    if process.returncode:
        raise PeerError("\n".join([f"The {name} failed. Its last lines:", *last]))
