"""Restore process-wide state that a plugin's code may change."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import torch


@contextmanager
def preserve_global_state() -> Iterator[None]:
    """Restore process-wide state at the end of the block.

    This covers random numbers, default dtype and device, grad mode, threads and the current folder.
    """
    random_states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    gpu_states = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None  # type: ignore[no-untyped-call]
    dtype, device, grad = torch.get_default_dtype(), torch.get_default_device(), torch.is_grad_enabled()
    deterministic, warn_only = (
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
        if torch.are_deterministic_algorithms_enabled() != deterministic:
            torch.use_deterministic_algorithms(deterministic, warn_only=warn_only)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        random.setstate(random_states[0])
        np.random.set_state(random_states[1])
        torch.set_rng_state(random_states[2])
        if gpu_states is not None:
            torch.cuda.set_rng_state_all(gpu_states)
        if folder is not None and _current_folder() != folder:
            with suppress(OSError):  # the folder was removed meanwhile
                os.chdir(folder)


def _current_folder() -> Path | None:
    """Return the current folder; None if it was removed."""
    try:
        return Path.cwd()
    except OSError:
        return None
