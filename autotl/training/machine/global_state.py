"""Restore what code of a plugin may change for the whole process."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import torch


@contextmanager
def global_state_kept() -> Iterator[None]:
    """Restore seeds, default dtype and device, grad mode, number of threads and current folder on leaving.

    A trial then neither depends on the trials before it, nor changes those after it.
    """
    drawn = random.getstate(), np.random.get_state(), torch.get_rng_state()
    on_gpu = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None  # type: ignore[no-untyped-call]
    dtype, device, grad = torch.get_default_dtype(), torch.get_default_device(), torch.is_grad_enabled()
    exact, warn_only = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    threads, folder = torch.get_num_threads(), _current_folder()
    try:
        yield
    finally:
        if torch.get_default_device() != device:
            torch.set_default_device(device)
        torch.set_default_dtype(dtype)
        torch.set_grad_enabled(grad)
        if torch.are_deterministic_algorithms_enabled() != exact:
            torch.use_deterministic_algorithms(exact, warn_only=warn_only)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        random.setstate(drawn[0])
        np.random.set_state(drawn[1])
        torch.set_rng_state(drawn[2])
        if on_gpu is not None:
            torch.cuda.set_rng_state_all(on_gpu)
        if folder is not None and _current_folder() != folder:
            with suppress(OSError):  # it has been removed meanwhile
                os.chdir(folder)


def _current_folder() -> Path | None:
    """The current folder; None if it has been removed."""
    try:
        return Path.cwd()
    except OSError:
        return None
