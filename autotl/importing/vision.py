"""Import timm, and torchvision with it, but not torch's compiler, which takes longer than both.

Two lines import the compiler though neither classification nor the import itself uses it. torchvision's
``roi_align`` takes the function ``is_compile_supported`` from ``torch._dynamo.utils``, and timm marks five
methods of its NaFlexVit with ``torch.compiler.disable``. While timm is imported, and no longer:

- a stand-in for ``torch._dynamo.utils`` is registered. Its function imports the compiler when it is called;
  anything else that is asked of the stand-in imports the compiler at once.
- ``torch.compiler.disable`` is ``torch._disable_dynamo``, which does the same for torch's own optimisers, and
  imports the compiler when a marked method is first called.

Afterwards both are as they were: ``torch.compile`` and every later import find the real ones. What timm and
torchvision have kept of the two behaves as the real ones do, compiled or not (docs/speed.md has figures).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from threading import RLock
from types import ModuleType
from typing import TYPE_CHECKING, Any

from autotl.importing.lazy import lazy_module

if TYPE_CHECKING:
    import timm
    import torchvision

__all__ = ["compiler_postponed", "timm", "timm_optim", "torchvision"]

COMPILER = "torch._dynamo.utils"
_ALONE = RLock()


def is_compile_supported(device_type: Any) -> Any:
    """Answer as the function of this name in ``torch._dynamo.utils`` does."""
    return import_module(COMPILER).is_compile_supported(device_type)


# as the real one is marked: it is called once, while a function that calls it is compiled
is_compile_supported._dynamo_marked_constant = True  # type: ignore[attr-defined]


class _StandIn(ModuleType):
    """Offers ``is_compile_supported``, and gives way to the real module for anything else."""

    def __getattr__(self, name: str) -> Any:
        if name == is_compile_supported.__name__:
            return is_compile_supported
        if name.startswith("__"):  # what the import system asks of every module
            raise AttributeError(name)
        _remove(self)
        return getattr(import_module(COMPILER), name)


@contextmanager
def compiler_postponed() -> Iterator[None]:
    """Let timm and torchvision be imported within the block without importing torch's compiler.

    Nothing is changed if the compiler is there already, or if this torch has no way to postpone it.
    """
    torch: Any = import_module("torch")  # before the stand-in is there: torch must not meet it
    with _ALONE:
        disable = torch.compiler.disable
        later = getattr(torch, "_disable_dynamo", None)
        if COMPILER in sys.modules or later is None:
            yield
            return

        def postponed(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
            return later(fn, recursive) if reason is None else disable(fn, recursive, reason=reason)

        stand_in = sys.modules[COMPILER] = _StandIn(COMPILER)
        torch.compiler.disable = postponed
        try:
            yield
        finally:
            torch.compiler.disable = disable
            _remove(stand_in)


def _remove(stand_in: ModuleType) -> None:
    if sys.modules.get(COMPILER) is stand_in:
        del sys.modules[COMPILER]


def _load(name: str) -> ModuleType:
    package = name.partition(".")[0]
    if package not in sys.modules:
        with compiler_postponed():
            import_module(package)
    return import_module(name)


timm_optim: Any = lazy_module("timm.optim", _load)  # timm does not import it; it does import the compiler
if not TYPE_CHECKING:
    timm, torchvision = lazy_module("timm", _load), lazy_module("torchvision", _load)
