"""The kinds of heads that are installed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from autotl.api import HeadKind, HeadSpec
from autotl.errors import FAILURES, PluginError, described
from autotl.heads.form import HeadForm

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True)
class HeadKinds:
    """The installed kinds of heads by name, and the distribution of each."""

    items: Mapping[str, HeadKind] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)

    def form(self, spec: HeadSpec, *, features: int, outputs: int, axes: tuple[int, ...] = ()) -> HeadForm:
        """Return the form of a head with these widths.

        Args:
            spec: The description of the head.
            features: Width of the input.
            outputs: Width of the output.
            axes: The axis of the channels in the outputs of each stage.
        """
        return HeadForm(spec, features, outputs, self.packages.get(spec.kind, ""), axes)

    def kind(self, form: HeadForm) -> HeadKind:
        """Return the kind of a head.

        Raises:
            PluginError: No plugin offers the kind.
        """
        found = self.items.get(form.spec.kind)
        if found is None:
            install = "Install the plugin that offers it."
            if form.package:
                install = (
                    f"The file of the head names the package {form.package!r}; install it only if you trust "
                    "the source."
                )
            raise PluginError(
                f"The kind of a head must be one of {', '.join(sorted(self.items)) or 'no installed kind'} "
                f"(got {form.spec.kind!r}). {install}"
            )
        return found

    def shapes(self, form: HeadForm) -> dict[str, tuple[int, ...]] | None:
        """Return the shapes of a head's tensors by name, without their memory.

        It is None if the kind needs real numbers to build the head.

        Raises:
            PluginError: No plugin offers the kind, or the kind cannot build the head.
        """
        import torch

        try:
            with torch.device("meta"):
                made = self.build(form)
        except PluginError as error:
            if isinstance(error.__cause__, RuntimeError):  # torch's, for an operation on the meta device
                return None
            raise
        return {name: tuple(value.shape) for name, value in made.state_dict().items()}

    def build(self, form: HeadForm) -> nn.Module:
        """Return a new head, without its weights.

        Raises:
            PluginError: No plugin offers the kind, or the kind cannot build the head.
        """
        from torch import nn

        kind = self.kind(form)
        try:
            made = kind.build(form.spec.arguments, form.features, form.outputs)
        except FAILURES as error:  # code of a plugin
            raise PluginError(
                f"The {form.spec.kind!r} head cannot be built: {described(error)}. Correct its arguments."
            ) from error
        if not isinstance(made, nn.Module):
            raise PluginError(
                f"A {form.spec.kind!r} head must be a torch module (got {type(made).__name__}). "
                f"Report this to {form.package or 'its plugin'}."
            )
        return made
