"""Count the floating-point operations of a forward pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry


class OperationCounter(TorchDispatchMode):  # type: ignore[no-untyped-call] # torch leaves it untyped
    """Counts the floating-point operations inside a ``with`` block.

    The counts equal those of ``torch.utils.flop_counter.FlopCounterMode``. That class imports torch's
    compiler, which takes longer than importing torch.

    >>> with torch.no_grad(), OperationCounter() as counter:
    ...     model(images)
    >>> counter.operations
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call] # torch leaves it untyped
        self.operations = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # otherwise torch imports its compiler to mark the method below

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        keywords = dict(kwargs or {})
        formula = flop_registry.get(func.overloadpacket)
        if formula is None:
            with self:
                decomposed = func.decompose(*args, **keywords)
            if decomposed is not NotImplemented:
                return decomposed
        out = func(*args, **keywords)
        if formula is not None:
            self.operations += formula(*args, **keywords, out_val=out)
        return out
