"""The module of a head in the place of a network's classifier."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from autotl.errors import TrainingError
from autotl.heads.form import HeadForm
from autotl.heads.stage_outputs import StageTaps


class Head(nn.Module):
    """A head that is not linear.

    Its input is that of the classifier: the pooled features, (rows, d) or (rows, d, 1, 1). The averages of
    its stages are put before them.

    Attributes:
        form: The description and the widths.
        body: The module that a kind has built.
        scale: Multiplies the outputs: the inverse of the temperature, or a number for each output.
        shift: Added to the scaled outputs, one number for each; None until :meth:`rescale` needs it.
    """

    scale: Tensor
    shift: Tensor | None

    def __init__(self, form: HeadForm, body: nn.Module, taps: StageTaps) -> None:
        super().__init__()
        self.form, self.body, self.taps = form, body, taps
        self.register_buffer("scale", torch.ones(()))
        self.register_buffer("shift", None)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs, in the shape of a classifier's."""
        flat = x.flatten(1).float()
        if self.taps.stages:
            flat = torch.cat([*self.taps.take(), flat], 1)
        found = self.outputs_of(flat)
        return found.view(*found.shape, *(1 for _ in range(x.ndim - 2)))

    def outputs_of(self, features: Tensor) -> Tensor:
        """Return the outputs (rows, k) of features (rows, d), float32.

        Raises:
            TrainingError: The width of the features or of the outputs is wrong.
        """
        if features.shape[1] != self.form.features:
            raise TrainingError(
                f"The {self.form.spec.kind!r} head must get {self.form.features} features (got "
                f"{features.shape[1]}). Use the backbone that it was made for."
            )
        with torch.autocast(features.device.type, enabled=False):
            found: Tensor = self.body(features).float() * self.scale
            found = found if self.shift is None else found + self.shift
        if found.shape != (len(features), self.form.outputs):
            raise TrainingError(
                f"The {self.form.spec.kind!r} head must give outputs {(len(features), self.form.outputs)} "
                f"(got {tuple(found.shape)}). Correct its forward method."
            )
        return found

    @torch.no_grad()
    def rescale(self, scale: Tensor, shift: Tensor) -> None:
        """Multiply the outputs, and add to them."""
        scale, shift = scale.to(self.scale), shift.to(self.scale)
        self.scale = self.scale * scale
        if self.shift is not None or bool(shift.any()):
            before = 0.0 if self.shift is None else self.shift * scale
            self.shift = (before + shift).expand(self.form.outputs).clone()

    def _load_from_state_dict(self, state_dict: Mapping[str, Any], prefix: str, *others: Any) -> None:
        """Take the shapes of ``scale`` and ``shift`` from the file, then load as usual."""
        for name in ("scale", "shift"):
            value = state_dict.get(f"{prefix}{name}")
            if value is not None and tuple(value.shape) in ((), (self.form.outputs,)):
                setattr(self, name, torch.empty_like(value, device=self.scale.device))
        super()._load_from_state_dict(state_dict, prefix, *others)
