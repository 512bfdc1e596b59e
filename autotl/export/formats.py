"""The formats of exported models, and the packages that they need."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

from autotl.errors import ExportError, UnknownName


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A format of exported models.

    Attributes:
        name: The name in options.
        file: The name of the main file; "" for a folder of files.
        packages: The modules that write the format, besides autotl's own.
        extra: The extra of autotl that installs them.
        runtime: The distribution that runs the file.
        system: The only operating system that has the runtime, as Python names it; "" for any.
    """

    name: str
    file: str
    packages: tuple[str, ...] = ()
    extra: str = ""
    runtime: str = ""
    system: str = ""

    def runs_here(self) -> bool:
        """Return whether this computer can run the file."""
        return self.system in ("", platform.system())


FORMATS: Mapping[str, ExportFormat] = {
    each.name: each
    for each in (
        ExportFormat("coreml", "model.mlpackage", ("coremltools",), "coreml", "coremltools", "Darwin"),
        ExportFormat("onnx", "model.onnx", ("onnx", "onnxscript", "onnxruntime"), "export", "onnxruntime"),
        ExportFormat("openvino", "model.xml", ("openvino",), "openvino", "openvino"),
        ExportFormat("pt2", "model.pt2", runtime="torch"),
        ExportFormat("timm", "", runtime="timm"),
    )
}


def known_format(name: str) -> ExportFormat:
    """Return the format of a name.

    Raises:
        UnknownName: There is no such format.
    """
    if not isinstance(name, str) or name not in FORMATS:
        raise UnknownName("export format", str(name), FORMATS)
    return FORMATS[name]


def check_installed(form: ExportFormat, *, int8: bool) -> None:
    """Check that a format can be written.

    Args:
        form: The format.
        int8: Whether the model becomes one of 8-bit integers.

    Raises:
        ExportError: A package is missing, or the format has no 8-bit integers.
    """
    if int8 and form.name != "onnx":
        raise ExportError(f"int8 must be left out for {form.name} (only onnx has it). Give --format onnx.")
    missing = [name for name in form.packages if find_spec(name) is None]
    if missing:
        raise ExportError(
            f"The format {form.name} needs {', '.join(missing)}: pip install 'autotl[{form.extra}]'."
        )
