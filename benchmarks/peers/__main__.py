"""Prepare another tool's environment and run it on a job.

    python -m benchmarks.peers prepare fastai
    python -m benchmarks.peers run fastai job.json out

The environments are in $AUTOTL_PEERS (default: ~/.cache/autotl/peers). Only the standard library is needed.
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


def read_job(file: Path, peer: str) -> dict[str, Any]:
    """Read and validate a job.

    Raises:
        PeerError: If the file cannot be read, or the job is invalid.
    """
    try:
        job = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise PeerError(f"The job {file} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise PeerError(f"The job {file} is not valid JSON: {error}.") from error
    if not isinstance(job, dict) or job.get("format") != FORMAT:
        raise PeerError(f"The job {file} must have format {FORMAT}.")
    if job.get("peer") != peer:
        raise PeerError(f"The job {file} is for peer {job.get('peer')!r}, not {peer!r}.")
    threads = job.get("threads")
    if not isinstance(threads, int) or isinstance(threads, bool) or threads < 1:
        raise PeerError(f"The job {file} must have 'threads' of 1 or more (got {threads!r}).")
    backbone = job.get("backbone")
    if not isinstance(backbone, dict):
        raise PeerError(f"The job {file} must have a 'backbone' with a name and a folder.")
    for path in (job.get("train"), job.get("test"), backbone.get("folder") or job.get("train")):
        if not isinstance(path, str) or not Path(path).exists():
            raise PeerError(f"The job {file} names {path!r}, which does not exist.")
    return job


def variables(job: dict[str, Any], environ: dict[str, str]) -> dict[str, str]:
    """Return the environment variables of a run: threads, device, and no downloads."""
    own = {name: value for name, value in environ.items() if not name.startswith("PYTHON")}
    own |= {name: str(job["threads"]) for name in THREADS}
    own |= {"PYTHONNOUSERSITE": "1", "MPLBACKEND": "Agg", "TOKENIZERS_PARALLELISM": "false"}
    if job["backbone"].get("folder"):
        own |= {"HF_HUB_OFFLINE": "1"}
    if job.get("device") == "cpu":
        own |= {"CUDA_VISIBLE_DEVICES": ""}  # because several tools use every visible GPU
    return own


def run(peer: Peer, file: Path, out: Path) -> None:
    """Replace this process with the peer's.

    Args:
        peer: The peer.
        file: The job.
        out: Folder for the output; it is created.

    Raises:
        PeerError: If the job is invalid, the peer is not prepared, or the folder cannot be created.
    """
    job = read_job(file, peer.name)
    if problem := environment.problem(peer):
        raise PeerError(f"{problem} Run: python -m benchmarks.peers prepare {peer.name}")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PeerError(f"The folder {out} cannot be created: {error.strerror}.") from error
    script = peer.folder / "peer.py"
    # exec instead of a child process, so that the caller measures and can end the peer itself
    arguments = [str(peer.python), str(script), str(file.resolve()), str(out.resolve())]
    os.execve(peer.python, arguments, variables(job, dict(os.environ)))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return 1 after an error, which is printed on stderr."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers",
        description="Run other tools for the same task, each in its own environment.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    prepare = commands.add_parser("prepare", help="create the environment of a peer")
    prepare.add_argument("name", help=f"one of: {', '.join(environment.names())}")
    prepare.add_argument("--python", default="", help="interpreter of the environment (default: this one)")
    execute = commands.add_parser("run", help="run a prepared peer on a job")
    execute.add_argument("name", help=f"one of: {', '.join(environment.names())}")
    execute.add_argument("job", type=Path, help="JSON file of the job")
    execute.add_argument("out", type=Path, help="folder for logits.npy and entry.json")
    chosen = parser.parse_args(argv)
    home = Path(os.environ.get("AUTOTL_PEERS") or "~/.cache/autotl/peers").expanduser().resolve()
    try:
        peer = environment.find(chosen.name, home=home)
        if chosen.command == "run":
            run(peer, chosen.job, chosen.out)
        created = environment.prepare(peer, python=chosen.python)
    except PeerError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{peer.name}: {'prepared' if created else 'is already prepared'} in {peer.environment}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
