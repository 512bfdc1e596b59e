"""Import timm and torchvision without torch's compiler, which takes longer than both.

Two lines import the compiler, although classification does not use it. torchvision's ``roi_align`` imports
the function ``is_compile_supported`` from ``torch._dynamo.utils``. timm marks five methods of its NaFlexVit
with ``torch.compiler.disable``. Two replacements are active only while timm is imported:

- A stand-in for ``torch._dynamo.utils`` is registered. Its function imports the compiler when it is called.
  Access to any other attribute of the stand-in imports the compiler immediately.
- ``torch.compiler.disable`` is replaced by ``torch._disable_dynamo``, as in torch's own optimisers. It
  imports the compiler when a marked method is first called.

Both are restored afterwards, so ``torch.compile`` and later imports use the real ones. The references that
timm and torchvision keep behave like the real ones, compiled or not (docs/speed.md has figures).
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

__all__ = ["compiler_postponed", "timm", "torchvision"]

COMPILER = "torch._dynamo.utils"
_LOCK = RLock()


def is_compile_supported(device_type: Any) -> Any:
    """Call the function of this name in ``torch._dynamo.utils``."""
    return import_module(COMPILER).is_compile_supported(device_type)


# The real function has the same mark: the compiler calls it once, while it compiles a caller.
# A function's type does not declare the attribute.
is_compile_supported._dynamo_marked_constant = True  # type: ignore[attr-defined]


class _StandIn(ModuleType):
    """A module with ``is_compile_supported`` that loads the real module for any other name."""

    def __getattr__(self, name: str) -> Any:
        if name == is_compile_supported.__name__:
            return is_compile_supported
        if name.startswith("__"):  # the import system reads these of every module
            raise AttributeError(name)
        _remove(self)
        return getattr(import_module(COMPILER), name)


@contextmanager
def compiler_postponed() -> Iterator[None]:
    """Import timm and torchvision in the block without torch's compiler.

    Nothing is changed if the compiler is already imported, or if this version of torch cannot postpone it.
    """
    torch: Any = import_module("torch")  # before the stand-in is registered: torch must not import it
    with _LOCK:
        disable = torch.compiler.disable
        disable_lazily = getattr(torch, "_disable_dynamo", None)
        if COMPILER in sys.modules or disable_lazily is None:
            yield
            return

        def postponed(fn: Any = None, recursive: bool = True, *, reason: str | None = None) -> Any:
            return disable_lazily(fn, recursive) if reason is None else disable(fn, recursive, reason=reason)

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


if not TYPE_CHECKING:
    timm, torchvision = lazy_module("timm", _load), lazy_module("torchvision", _load)
