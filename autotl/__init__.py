"""Transfer learning on your images: what to transfer, when it pays and how, answered by measurement."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from autotl.hookspecs import hookimpl

if TYPE_CHECKING:
    from autotl.analyzing import analyze
    from autotl.fit import fit, load, resume
    from autotl.joining import join

__all__ = ["__version__", "analyze", "fit", "hookimpl", "join", "load", "resume"]

__version__ = version("autotl")


def __getattr__(name: str) -> Any:
    # torch, timm and optuna take seconds to import: only those who fit or load pay for them.
    if name in {"fit", "load", "resume"}:
        # import_module first: the submodule `fit` would otherwise stand where the function should.
        module = import_module("autotl.fit")
        globals().update({each: getattr(module, each) for each in ("fit", "load", "resume")})
        return globals()[name]
    if name in {"analyze", "join"}:
        module = import_module({"analyze": "autotl.analyzing", "join": "autotl.joining"}[name])
        globals()[name] = getattr(module, name)
        return globals()[name]
    raise AttributeError(f"module 'autotl' has no attribute {name!r}")
