"""The form of a head, which files keep: description and widths."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autotl import jsonio
from autotl.api import HeadSpec
from autotl.errors import TrainingError

MAX_WIDTH = 10_000_000
"""The most features or outputs of a head; a file with larger numbers was edited."""

DISTRIBUTION = re.compile(r"[A-Za-z0-9._-]{1,100}")
"""The name of a distribution. Other text in a file would become advice."""


@dataclass(frozen=True, slots=True)
class HeadForm:
    """All that is needed to build a head, without its weights.

    Attributes:
        spec: The description of the head.
        features: Width of the input: of the named stages, and of the pooled features.
        outputs: Width of the output.
        package: The distribution that offers the kind; "" if it is unknown.
        axes: The axis of the channels in the outputs of each stage.
    """

    spec: HeadSpec
    features: int
    outputs: int
    package: str = ""
    axes: tuple[int, ...] = ()

    @property
    def stage_axes(self) -> dict[str, int]:
        """The axis of the channels by the stage's name."""
        return dict(zip(self.spec.stages, self.axes, strict=True))

    def document(self) -> dict[str, Any]:
        """Return the form as JSON data."""
        return {
            "kind": self.spec.kind,
            "arguments": dict(self.spec.arguments),
            "stages": list(self.spec.stages),
            "axes": list(self.axes),
            "features": self.features,
            "outputs": self.outputs,
            "package": self.package,
        }

    @classmethod
    def of(cls, document: object) -> HeadForm:
        """Return the form that a document describes.

        Raises:
            ValueError: The document was edited.
        """
        if not isinstance(document, Mapping):
            raise ValueError(f"a head must be a JSON object (got {document!r})")
        spec = jsonio.as_type(
            {name: document.get(name) for name in ("kind", "arguments", "stages")}, HeadSpec
        )
        if repeated := _repeated(spec.stages):
            raise ValueError(f"stages must be different (got {repeated!r} twice)")
        widths = {name: document.get(name) for name in ("features", "outputs")}
        for name, value in widths.items():
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_WIDTH:
                raise ValueError(f"{name} must be a whole number above 0 (got {value!r})")
        package = document.get("package", "")
        if not isinstance(package, str):
            raise ValueError(f"package must be a string (got {package!r})")
        if package and not DISTRIBUTION.fullmatch(package):
            raise ValueError(f"package must be the name of a distribution (got {package!r})")
        axes = document.get("axes")
        if (
            not isinstance(axes, list)
            or len(axes) != len(spec.stages)
            or not all(each in (1, 2, 3) for each in axes)
        ):
            raise ValueError(f"axes must have a number from 1 to 3 for each stage (got {axes!r})")
        features, outputs = (jsonio.as_type(each, int) for each in widths.values())
        return cls(spec, features, outputs, package, tuple(map(int, axes)))


def check_spec(spec: HeadSpec) -> HeadSpec:
    """Return a spec whose arguments are plain JSON data.

    Raises:
        TrainingError: The spec is no HeadSpec, a stage is repeated, or JSON cannot hold its arguments.
    """
    if not isinstance(spec, HeadSpec):
        raise TrainingError(f"spec must be a HeadSpec (got {type(spec).__name__}). Pass HeadSpec(kind, …).")
    try:
        arguments = json.loads(json.dumps(dict(spec.arguments), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise TrainingError(
            f"The arguments of a {spec.kind!r} head must be JSON values (got {error}). Keep tensors as "
            "buffers of the head."
        ) from error
    if repeated := _repeated(spec.stages):
        raise TrainingError(
            f"The stages of a head must be different (got {repeated!r} twice). Name each stage once."
        )
    return HeadSpec(spec.kind, arguments, tuple(spec.stages))


def _repeated(stages: Sequence[str]) -> str:
    """Return a stage that is named twice; "" if there is none."""
    return next((name for i, name in enumerate(stages) if name in stages[:i]), "")
