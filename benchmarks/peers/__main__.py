"""Prepare another tool's environment and run it on a job.

    python -m benchmarks.peers prepare fastai
    python -m benchmarks.peers run fastai job.json out

The environments lie in $AUTOTL_PEERS (default: ~/.cache/autotl/peers). Only the standard library is needed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.peers import environment
from benchmarks.peers.environment import Peer, PeerError

FORMAT = 1
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def job_of(file: Path, peer: str) -> dict[str, Any]:
    """The job in a file, checked as far as this program reads it; raises :class:`PeerError`."""
    try:
        job = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise PeerError(f"The job {file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise PeerError(f"The job {file} is no JSON: {error}.") from error
    if not isinstance(job, dict) or job.get("format") != FORMAT:
        raise PeerError(f"The job {file} is not of format {FORMAT}.")
    if job.get("peer") != peer:
        raise PeerError(f"The job {file} is for peer {job.get('peer')!r}, not {peer!r}.")
    threads = job.get("threads")
    if not isinstance(threads, int) or isinstance(threads, bool) or threads < 1:
        raise PeerError(f"The job {file} must have 'threads' of 1 or more, not {threads!r}.")
    backbone = job.get("backbone")
    if not isinstance(backbone, dict):
        raise PeerError(f"The job {file} must have a 'backbone' with a name and a folder.")
    for what in (job.get("train"), job.get("test"), backbone.get("folder") or job.get("train")):
        if not isinstance(what, str) or not Path(what).exists():
            raise PeerError(f"The job {file} names {what!r}, which is not there.")
    return job


def surroundings(job: dict[str, Any], environ: dict[str, str]) -> dict[str, str]:
    """The environment variables of a run: the job's threads, device and nothing to be downloaded."""
    own = {name: value for name, value in environ.items() if not name.startswith("PYTHON")}
    own |= {name: str(job["threads"]) for name in THREADS}
    own |= {"PYTHONNOUSERSITE": "1", "MPLBACKEND": "Agg", "TOKENIZERS_PARALLELISM": "false"}
    if job["backbone"].get("folder"):
        own |= {"HF_HUB_OFFLINE": "1"}
    if job.get("device") == "cpu":
        own |= {"CUDA_VISIBLE_DEVICES": ""}  # several tools take a GPU wherever they see one
    return own


def run(peer: Peer, file: Path, out: Path) -> None:
    """Become the peer's process; returns only by raising :class:`PeerError`."""
    job = job_of(file, peer.name)
    if why := environment.trouble(peer):
        raise PeerError(f"{why} Run: python -m benchmarks.peers prepare {peer.name}")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PeerError(f"The folder {out} cannot be made: {error.strerror}.") from error
    script = peer.folder / "peer.py"
    # exec, not a child: whoever measures or ends this process measures or ends the peer
    arguments = [str(peer.python), str(script), str(file.resolve()), str(out.resolve())]
    os.execve(peer.python, arguments, surroundings(job, dict(os.environ)))


def main(argv: Sequence[str] | None = None) -> int:
    """The command; 0 if all went well, 1 with one message on stderr if not."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description="Other tools that do the same work, each in its environment.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("prepare", help="make the peer's environment; at once if it is made")
    make.add_argument("name", help=f"one of: {', '.join(environment.names())}")
    make.add_argument(
        "--python", default="", help="make it with this Python (default: the one that runs this)"
    )
    start = commands.add_parser("run", help="run a prepared peer on a job")
    start.add_argument("name", help=f"one of: {', '.join(environment.names())}")
    start.add_argument("job", type=Path, help="the job, a JSON file")
    start.add_argument("out", type=Path, help="the folder for logits.npy and entry.json")
    chosen = parser.parse_args(argv)
    home = Path(os.environ.get("AUTOTL_PEERS") or "~/.cache/autotl/peers").expanduser().resolve()
    try:
        peer = environment.find(chosen.name, home=home)
        if chosen.command == "run":
            run(peer, chosen.job, chosen.out)
        made = environment.prepare(peer, python=chosen.python)
    except PeerError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{peer.name}: {'prepared' if made else 'is prepared already'} in {peer.environment}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
