"""The calls that export a result, without the import of torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from autotl.export.formats import check_installed, known_format

if TYPE_CHECKING:
    from autotl.results import Result


def export_run(
    result: Result,
    format: str = "onnx",
    *,
    out: str | Path | None = None,
    int8: bool = False,
    images: Any = None,
) -> Path:
    """Export a result; see :meth:`autotl.results.Result.export`.

    Args:
        result: The result of a run.
        format: The name of the format.
        out: The new folder; None for a folder inside the run folder.
        int8: Whether weights and activations become 8-bit integers.
        images: Images to compare on; None for the test images of the run.

    Raises:
        UnknownName: There is no such format.
        ExportError: A package is missing, the model cannot be exported, or the file predicts otherwise.
    """
    form = known_format(format)
    check_installed(form, int8=int8)
    from autotl.export.exporting import Request, export  # imports torch

    name = f"{form.name}-int8" if int8 else form.name
    folder = result.folder / "export" / name if out is None else Path(out)
    return export(result, Request(form, folder, int8, images))


def push_run(result: Result, repo: str, *, private: bool, token: str | None) -> str:
    """Upload a result; see :meth:`autotl.results.Result.push_to_hub`.

    Args:
        result: The result of a run.
        repo: The repository.
        private: Whether a new repository is private.
        token: The access token; None for the token of the login.
    """
    from autotl.export.hub import push  # imports torch

    return push(result, repo, private=private, token=token)
