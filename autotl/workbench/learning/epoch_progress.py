"""Count the epochs of a training loop, and restore its state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from autotl.errors import TrainingError

State = Mapping[str, nn.Module | torch.optim.Optimizer]


class EpochProgress:
    """The epochs and batches of a training loop.

    The loop can stop after any epoch and resume in another process, with the same final weights.

    Attributes:
        epoch: Number of the current epoch, from 1.
    """

    def __init__(self) -> None:
        self.epoch = 1
        self._count = 0
        self._share = 0.0
        self._state: State = {}
        self._restored: Mapping[str, Tensor] | None = None

    @property
    def value(self) -> float:
        """The share of the planned epochs that is done, in [0, 1]."""
        return min(1.0, (self.epoch - 1 + self._share) / self._count) if self._count else 0.0

    @property
    def at_epoch_end(self) -> float:
        """The share done at the end of the epoch, in (0, 1]."""
        return min(1.0, self.epoch / self._count) if self._count else 1.0

    def count_batch(self, steps: int) -> None:
        """Count a batch of an epoch with so many batches."""
        self._share = min(1.0, self._share + 1 / steps)

    def epochs(self, count: int, state: State, *, seed: int) -> Iterator[int]:
        """Yield the numbers of the epochs that are left.

        Args:
            count: Number of epochs in all.
            state: Networks and optimisers by name.
            seed: Seed of the global random numbers, which dropout uses.

        Raises:
            TrainingError: Another loop ran before.
        """
        if self._count:
            raise TrainingError(
                "A learner must have one loop over bench.epochs (got a second one). "
                "Count the epochs of all phases in one loop."
            )
        self._count, self._state, first = count, state, 1
        torch.manual_seed(seed)
        if self._restored is not None:
            first = self._restore(self._restored) + 1
            self._restored = None
        for self.epoch in range(first, count + 1):
            self._share = 0.0
            yield self.epoch

    def tensors(self) -> dict[str, Tensor] | None:
        """Return copies of the state after the current epoch; None without :meth:`epochs`."""
        if not self._state:
            return None
        found = {"epoch": torch.tensor(self.epoch), "random": torch.get_rng_state()}
        for name, each in self._state.items():
            found |= {f"{name}.{key}": value for key, value in _tensors_of(each).items()}
        if any(value.is_cuda for value in found.values()):
            found["random.cuda"] = torch.cuda.get_rng_state()
        return {name: value.detach().cpu().contiguous().clone() for name, value in found.items()}

    def resume_from(self, tensors: Mapping[str, Tensor]) -> None:
        """Restore a state when :meth:`epochs` starts."""
        self._restored = tensors

    def _restore(self, tensors: Mapping[str, Tensor]) -> int:
        """Restore a state, and return the epochs that are done. Raises ValueError if it is another loop's."""
        names = {name.partition(".")[0] for name in tensors} - {"epoch", "random"}
        if "epoch" not in tensors or names != self._state.keys():
            raise ValueError("the checkpoint is of another training")
        for name, each in self._state.items():
            prefix = f"{name}."
            own = {key.removeprefix(prefix): tensors[key] for key in tensors if key.startswith(prefix)}
            _load(each, own)
        torch.set_rng_state(tensors["random"])
        if "random.cuda" in tensors and torch.cuda.is_available():
            torch.cuda.set_rng_state(tensors["random.cuda"])
        return int(tensors["epoch"])


def _tensors_of(each: nn.Module | torch.optim.Optimizer) -> dict[str, Tensor]:
    if isinstance(each, nn.Module):
        return dict(each.state_dict())
    found = {
        f"rate.{i}": torch.tensor(float(group["lr"]), dtype=torch.float64)
        for i, group in enumerate(each.param_groups)
    }
    for number, state in each.state_dict()["state"].items():
        found |= {f"{number}.{key}": torch.as_tensor(value) for key, value in state.items()}
    return found


def _load(each: nn.Module | torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    if isinstance(each, nn.Module):
        each.load_state_dict(dict(tensors))
        return
    parameters = [value for group in each.param_groups for value in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        number, _, key = name.partition(".")
        if number == "rate":
            each.param_groups[int(key)]["lr"] = float(value)
            continue
        parameter = parameters[int(number)]
        # in the memory layout of the parameter: optimisers walk through memory
        laid_out = torch.empty_like(parameter).copy_(value) if value.shape == parameter.shape else value
        state.setdefault(int(number), {})[key] = laid_out
    each.load_state_dict({**each.state_dict(), "state": state})
