"""Optimisers of torch without torch's compiler, which takes two seconds to import.

``torch.optim`` marks ``step`` and four other methods for the compiler. Each imports the compiler when it is
first called, also where nothing is compiled. The subclasses have the same methods without the marks. They
must not be compiled.
"""

from __future__ import annotations

from inspect import unwrap
from typing import Any, TypeVar, cast

import torch

AnyOptimizer = TypeVar("AnyOptimizer", bound=torch.optim.Optimizer)
MARKED = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")


def uncompiled(optimiser: type[AnyOptimizer]) -> type[AnyOptimizer]:
    """Return a subclass without marks for the compiler, with the same updates."""
    methods: dict[str, Any] = {name: unwrap(getattr(optimiser, name)) for name in MARKED}
    methods["step"] = torch.no_grad()(unwrap(optimiser.step))  # the mark also turns off gradients
    return cast(type[AnyOptimizer], type(optimiser.__name__, (optimiser,), methods))
