"""Train one network in several processes, one per accelerator."""

from __future__ import annotations

import os
import queue
import socket
from collections.abc import Generator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from autotl.training.batches import Forward, PortableBatchSource
from autotl.training.loop import Step, train
from autotl.training.spec import TrainingSpec

POLL_SECONDS = 5.0
"""Seconds between two checks that all processes are alive."""
FALLBACK_PORT = 29500
"""The port of torch's documentation, used if the system gives no free one."""


class AccelerateGroup:
    """A process group of Accelerate: gloo on CPUs, NCCL on GPUs."""

    def __init__(self, accelerator: Any) -> None:
        self._accelerator = accelerator

    @property
    def rank(self) -> int:
        """The index of this process."""
        return int(self._accelerator.process_index)

    @property
    def size(self) -> int:
        """The number of processes."""
        return int(self._accelerator.num_processes)

    def synchronise(self, forward: Forward) -> Forward:
        """See :class:`autotl.training.loop.ProcessGroup`."""
        wrapped: Forward = self._accelerator.prepare(forward)
        return wrapped

    def mean(self, value: Tensor) -> Tensor:
        """See :class:`autotl.training.loop.ProcessGroup`."""
        reduced: Tensor = self._accelerator.reduce(value, reduction="mean")
        return reduced


def train_distributed(
    spec: TrainingSpec, batches: PortableBatchSource, processes: int
) -> Generator[Step, None, None]:
    """Train as :func:`autotl.training.loop.train` does, each batch divided among processes.

    At the end of an epoch the model of ``spec`` gets the trained weights. Closing the generator ends the
    processes.

    Args:
        spec: The model, its training rows and the recipe.
        batches: The training rows, for other processes.
        processes: Number of processes, 2 or more.

    Yields:
        Each step, and each end of an epoch with its mean loss.

    Raises:
        RuntimeError: A process failed.
    """
    context: Any = torch.multiprocessing.get_context("spawn")
    messages = context.Queue()
    port, sent = _free_port(), replace(spec, batches=batches)
    members = [
        context.Process(
            target=_train_process, args=(rank, processes, port, sent, batches, messages), daemon=True
        )
        for rank in range(processes)
    ]
    for member in members:
        member.start()
    try:
        while True:
            try:
                step, weights, error = messages.get(timeout=POLL_SECONDS)
            except queue.Empty:
                if all(member.is_alive() for member in members):
                    continue
                codes = [member.exitcode for member in members]
                raise RuntimeError(f"a training process ended early (exit codes {codes})") from None
            if error:
                raise RuntimeError(error)
            if step is None:
                return
            if weights is not None:
                spec.model.load_state_dict(load(weights))
            yield step
    finally:
        for member in members:
            member.terminate()
        for member in members:
            member.join()


def _train_process(
    rank: int, size: int, port: int, spec: TrainingSpec, batches: PortableBatchSource, messages: Any
) -> None:
    """Train on one process's rows of each batch; rank 0 reports the steps."""
    on_cpu, threads = spec.device == "cpu", max(1, torch.get_num_threads() // size)
    _set_environment(rank, size, port, threads)
    try:
        from accelerate import Accelerator  # an optional dependency

        if on_cpu:
            torch.set_num_threads(threads)
        accelerator = Accelerator(cpu=on_cpu, mixed_precision="no")
        device = str(accelerator.device)
        for value in (*spec.model.parameters(), *spec.model.buffers()):
            value.data = value.detach().clone()  # they arrive in memory that all processes share
        spec.model.to(device)
        spec = replace(spec, device=device, batches=batches.on_device(device))
        for step in train(spec, AccelerateGroup(accelerator)):
            if rank == 0:
                weights = None if step.loss is None else _weights(spec.model)
                messages.put((step, weights, ""))
        if rank == 0:
            messages.put((None, None, ""))
            messages.close()
            messages.join_thread()
        accelerator.wait_for_everyone()
    except Exception as error:  # reported to the parent instead of printed
        messages.put((None, None, f"{type(error).__name__}: {error}"))
        raise SystemExit(1) from error


def _set_environment(rank: int, size: int, port: int, threads: int) -> None:
    """Set the variables that torch's process groups read."""
    numbers = {
        "RANK": rank,
        "LOCAL_RANK": rank,
        "WORLD_SIZE": size,
        "LOCAL_WORLD_SIZE": size,
        "MASTER_PORT": port,
    }
    os.environ |= {"MASTER_ADDR": "127.0.0.1", **{name: str(value) for name, value in numbers.items()}}
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))  # otherwise Accelerate sets it and warns


def _weights(model: nn.Module) -> bytes:
    """Return the weights as safetensors, readable after the sender ended."""
    return save({name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()})


def _free_port() -> int:
    with suppress(OSError), socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
    return FALLBACK_PORT
