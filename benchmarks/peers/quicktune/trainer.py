"""Run fimm's ``train`` command on a local checkpoint, with limits of threads and time.

Quick-Tune-Tool starts this file as ``train``, once per epoch of a configuration. It reads environment
variables: ``PEER_FOLDER`` is the checkpoint ("" for none), ``PEER_THREADS`` the number of threads, and
``PEER_END`` the time in seconds since 1970 when the process ends itself ("" for never).
"""

from __future__ import annotations

import functools
import os
import signal
import sys
import time
from pathlib import Path

import fimm.train
import timm
import torch
from timm.models import register_model

MODEL = "local_checkpoint"
"""Name of the local checkpoint in fimm, which uses it in file names."""


@register_model
def local_checkpoint(pretrained: bool = False, **settings: object) -> torch.nn.Module:
    """Create the network of ``PEER_FOLDER`` as its config.json describes it."""
    settings = {key: value for key, value in settings.items() if not key.startswith("pretrained_cfg")}
    return timm.create_model(f"local-dir:{os.environ['PEER_FOLDER']}", pretrained=pretrained, **settings)


def remove_repeated_headers(summary: Path) -> None:
    """Remove the headers that fimm adds to its table when it resumes a configuration."""
    header, *rows = summary.read_text(encoding="utf-8").splitlines(keepends=True)
    summary.write_text(header + "".join(row for row in rows if row != header), encoding="utf-8")


def main() -> None:
    """Train for another epoch."""
    if os.environ["PEER_END"]:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, max(0.1, float(os.environ["PEER_END"]) - time.time()))
    torch.set_num_threads(int(os.environ["PEER_THREADS"]))
    # the data are loaded in this process, which fimm's persistent workers do not allow
    fimm.train.create_loader = functools.partial(fimm.train.create_loader, persistent_workers=False)
    # timm mistakes fimm's wrapper for that of torch.compile, and removes its prefix from names: without these
    # changes, no configuration could be resumed
    fimm.train.CheckpointSaver = functools.partial(fimm.train.CheckpointSaver, unwrap_fn=lambda model: model)
    timm.models._helpers.clean_state_dict = dict
    fimm.train.main()
    output, experiment = (sys.argv[sys.argv.index(flag) + 1] for flag in ("--output", "--experiment"))
    remove_repeated_headers(Path(output) / experiment / "summary.csv")


if __name__ == "__main__":
    main()
