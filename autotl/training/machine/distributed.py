"""Train one network in several processes at once, one for each accelerator."""

from __future__ import annotations

import os
import queue
import socket
from collections.abc import Callable, Generator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from autotl.training.batches import Portable
from autotl.training.loop import Step, train
from autotl.training.spec import TrainingSpec

PATIENCE = 5.0  # seconds between two looks at whether the others are still alive


class Accelerated:
    """A crew by Hugging Face Accelerate: gloo between processes on a CPU, NCCL between GPUs."""

    def __init__(self, accelerator: Any) -> None:
        self._accelerator = accelerator

    @property
    def rank(self) -> int:
        """Which of the processes this is."""
        return int(self._accelerator.process_index)

    @property
    def size(self) -> int:
        """How many there are."""
        return int(self._accelerator.num_processes)

    def joined(self, run: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
        """See :class:`autotl.training.loop.Crew`."""
        joined: Callable[[Tensor], Tensor] = self._accelerator.prepare(run)
        return joined

    def mean(self, value: Tensor) -> Tensor:
        """See :class:`autotl.training.loop.Crew`."""
        found: Tensor = self._accelerator.reduce(value, reduction="mean")
        return found


def learn_together(lesson: TrainingSpec, feed: Portable, processes: int) -> Generator[Step, None, None]:
    """As :func:`autotl.training.loop.train`, each batch of ``feed`` divided among ``processes``; at the
    end of an epoch the lesson's model has the weights they have come to.

    Closing the generator ends them. Raises RuntimeError where one of them fails.
    """
    context: Any = torch.multiprocessing.get_context("spawn")
    said = context.Queue()
    port, apart = _free_port(), replace(lesson, feed=feed)
    crew = [
        context.Process(target=_member, args=(rank, processes, port, apart, feed, said), daemon=True)
        for rank in range(processes)
    ]
    for member in crew:
        member.start()
    try:
        while True:
            try:
                step, state, error = said.get(timeout=PATIENCE)
            except queue.Empty:
                if all(member.is_alive() for member in crew):
                    continue
                codes = [member.exitcode for member in crew]
                raise RuntimeError(f"a training process ended early (exit codes {codes})") from None
            if error:
                raise RuntimeError(error)
            if step is None:
                return
            if state is not None:
                lesson.model.load_state_dict(load(state))
            yield step
    finally:
        for member in crew:
            member.terminate()
        for member in crew:
            member.join()


def _member(rank: int, size: int, port: int, lesson: TrainingSpec, feed: Portable, said: Any) -> None:
    """What each process does: its share of every batch. The first one tells."""
    own = {
        "RANK": rank,
        "LOCAL_RANK": rank,
        "WORLD_SIZE": size,
        "LOCAL_WORLD_SIZE": size,
        "MASTER_PORT": port,
    }
    os.environ |= {"MASTER_ADDR": "127.0.0.1", **{name: str(value) for name, value in own.items()}}
    on_cpu, threads = lesson.device == "cpu", max(1, torch.get_num_threads() // size)
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))  # Accelerate would choose, and warn that it did
    try:
        from accelerate import Accelerator  # an extra, and only needed here

        if on_cpu:
            torch.set_num_threads(threads)
        accelerator = Accelerator(cpu=on_cpu, mixed_precision="no")
        device = str(accelerator.device)
        for value in (*lesson.model.parameters(), *lesson.model.buffers()):
            value.data = value.detach().clone()  # they came in memory that all processes share
        lesson.model.to(device)
        lesson = replace(lesson, device=device, feed=feed.moved(device))
        for step in train(lesson, Accelerated(accelerator)):
            if rank == 0:
                state = None if step.loss is None else _state(lesson.model)
                said.put((step, state, ""))
        if rank == 0:
            said.put((None, None, ""))
            said.close()
            said.join_thread()
        accelerator.wait_for_everyone()
    except Exception as error:  # told, not lost on a terminal that nobody reads
        said.put((None, None, f"{type(error).__name__}: {error}"))
        raise SystemExit(1) from error


def _state(model: nn.Module) -> bytes:
    """The weights as safetensors: they arrive whole even where the sender is gone by then."""
    return save({name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()})


def _free_port() -> int:
    with suppress(OSError), socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
    return 29500
