"""fimm's ``train`` command on a local checkpoint, with a fixed number of threads and a time to end.

Quick-Tune-Tool starts this file as ``train``, once for each epoch of a configuration. The environment says
the rest: ``PEER_FOLDER`` is the checkpoint ("" for none), ``PEER_THREADS`` the number of threads and
``PEER_END`` the time, in seconds since 1970, at which the process kills itself ("" for never).
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
"""The name by which fimm knows the local checkpoint; it puts the name of a model into names of files."""


@register_model
def local_checkpoint(pretrained: bool = False, **settings: object) -> torch.nn.Module:
    """The checkpoint of ``PEER_FOLDER``, with the architecture and settings that its config.json states."""
    settings = {key: value for key, value in settings.items() if not key.startswith("pretrained_cfg")}
    return timm.create_model(f"local-dir:{os.environ['PEER_FOLDER']}", pretrained=pretrained, **settings)


def without_repeated_headers(summary: Path) -> None:
    """Take out the headers that fimm writes again into its table whenever it resumes a configuration."""
    header, *rows = summary.read_text(encoding="utf-8").splitlines(keepends=True)
    summary.write_text(header + "".join(row for row in rows if row != header), encoding="utf-8")


def main() -> None:
    """Train for one epoch more."""
    if os.environ["PEER_END"]:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, max(0.1, float(os.environ["PEER_END"]) - time.time()))
    torch.set_num_threads(int(os.environ["PEER_THREADS"]))
    # data are loaded in this process, which fimm does not foresee
    fimm.train.create_loader = functools.partial(fimm.train.create_loader, persistent_workers=False)
    # timm takes fimm's own wrapper for torch.compile's and drops its prefix, when saving and when loading, so
    # that nothing could be resumed
    fimm.train.CheckpointSaver = functools.partial(fimm.train.CheckpointSaver, unwrap_fn=lambda model: model)
    timm.models._helpers.clean_state_dict = dict
    fimm.train.main()
    output, experiment = (sys.argv[sys.argv.index(flag) + 1] for flag in ("--output", "--experiment"))
    without_repeated_headers(Path(output) / experiment / "summary.csv")


if __name__ == "__main__":
    main()
