"""Count the operations of a forward pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry


class Arithmetic(TorchDispatchMode):  # type: ignore[no-untyped-call] # torch leaves it untyped
    """Within the block, adds up what ``torch.utils.flop_counter`` counts, in floating-point operations.

    Its FlopCounterMode gives the same numbers, but imports torch's compiler, which takes longer than torch.

    >>> with torch.no_grad(), Arithmetic() as counter:
    ...     model(images)
    >>> counter.operations
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.operations = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # torch would mark the method below for its compiler, and import that to do so

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        named = dict(kwargs or {})
        formula = flop_registry.get(func.overloadpacket)
        if formula is None:
            with self:
                parts = func.decompose(*args, **named)
            if parts is not NotImplemented:
                return parts
        found = func(*args, **named)
        if formula is not None:
            self.operations += formula(*args, **named, out_val=found)
        return found
