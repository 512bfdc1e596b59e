"""The stock network that a workbench scores, and that is delivered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from autotl.api import Backbone
from autotl.backbone import heads, set_head
from autotl.errors import TrainingError
from autotl.heads import Head, HeadForm, attached_head
from autotl.training import forward_in_batches
from autotl.workbench.activation_cache import ActivationCache, ViewSpec
from autotl.workbench.cut_model import CutModel
from autotl.workbench.run_cache import RunCache

NAMED = 3
"""Tensors that an error names."""


class ScoredNetwork:
    """A stock timm model with the weights of a learner.

    The weights are copied, so that the scored and the delivered network are the same.

    Attributes:
        input_size: Image size in pixels; 0 before the first weights.
    """

    def __init__(self, run_cache: RunCache, activations: ActivationCache, backbone: Backbone) -> None:
        self._run_cache, self._activations, self._backbone = run_cache, activations, backbone
        self._model: nn.Module | None = None
        self._suffixes: dict[tuple[str, int], nn.Module] = {}
        self._only_heads = True  # all other weights are the source's
        self.input_size = 0

    @property
    def model(self) -> nn.Module:
        """The network, in evaluation mode."""
        if self._model is None:
            self._model = self._run_cache.networks.new(self._backbone.name)
        return self._model.eval()

    @contextmanager
    def restored_on_failure(self) -> Iterator[None]:
        """Keep the network of the last score if the block raises."""
        kept, form, size = self._kept_weights(), self._form, self.input_size
        only_heads = self._only_heads
        try:
            yield
        except BaseException:
            self._forget()
            if kept:
                self._take_form(form)
                self.model.load_state_dict(kept, strict=not only_heads)
            self.input_size, self._only_heads = size, only_heads
            raise

    def load(self, state: Mapping[str, Tensor], input_size: int, form: HeadForm | None = None) -> None:
        """Copy weights into the network.

        Args:
            state: All tensors by name.
            input_size: Image size in pixels.
            form: The form of the network's head; None if it is linear.

        Raises:
            TrainingError: A stock model has other tensors, or a weight is not finite.
        """
        self._take_form(form)
        model = self.model
        if fault := _difference(model.state_dict(), state):
            raise TrainingError(
                f"The network must have the tensors of timm's {self._backbone.architecture} with one linear "
                f"head (got {fault}). Merge other layers into these tensors before the score."
            )
        _check_finite(state)
        model.load_state_dict(dict(state))
        self.input_size, self._only_heads = input_size, False

    def load_head(self, weight: Tensor, bias: Tensor, input_size: int) -> None:
        """Give the pretrained network a linear head.

        Args:
            weight: Weights, (k, features).
            bias: Biases, (k,).
            input_size: Image size in pixels.

        Raises:
            TrainingError: The head has another shape than the task's, or a weight is not finite.
        """
        outputs, features = self._run_cache.dataset.target.outputs, self._backbone.features
        if weight.shape != (outputs, features) or bias.shape != (outputs,):
            raise TrainingError(
                f"The head must have a weight of shape {(outputs, features)} and a bias of {(outputs,)} "
                f"(got {tuple(weight.shape)} and {tuple(bias.shape)})."
            )
        _check_finite({"the head's weight": weight, "the head's bias": bias})
        if self.input_size:  # another network was scored before
            self._forget()
        set_head(self.model, weight, bias)
        self.input_size = input_size

    def load_custom_head(self, head: nn.Module, form: HeadForm, input_size: int) -> Head:
        """Give the pretrained network a head that is not linear.

        A new head is built from its form, and gets the tensors of the given one.

        Args:
            head: The head of the learner.
            form: Its description and widths.
            input_size: Image size in pixels.

        Returns:
            The new head.

        Raises:
            TrainingError: A head of this form has other tensors, or a tensor is not finite.
        """
        if not self._only_heads:
            self._forget()
        self._take_form(form)
        own = attached_head(self.model)
        assert own is not None
        if fault := _difference(own.body.state_dict(), head.state_dict()):
            raise TrainingError(
                f"The head must have the tensors of a {form.spec.kind!r} head with these arguments (got "
                f"{fault}). Make it with bench.new_head."
            )
        _check_finite(head.state_dict())
        own.body.load_state_dict(head.state_dict())
        own.scale.fill_(1.0)
        self.input_size = input_size
        return own.eval()

    @property
    def _form(self) -> HeadForm | None:
        """The form of the network's head; None if it is linear, or if there is no network yet."""
        head = None if self._model is None else attached_head(self._model)
        return None if head is None else head.form

    def _take_form(self, form: HeadForm | None) -> None:
        """Replace the network by one with another form of head, if the forms differ."""
        if self._form == form:
            return
        self._forget()
        self._model = self._run_cache.networks.with_head(self._backbone.name, form)

    def _kept_weights(self) -> dict[str, Tensor]:
        """Return copies of the weights that differ from the source's; none before the first score."""
        if not self.input_size:
            return {}
        state = self.model.state_dict()
        if self._only_heads:
            own = heads(self.model)
            names = tuple(f"{name}." for name, module in self.model.named_modules() if module in own)
            state = {name: value for name, value in state.items() if name.startswith(names)}
        return {name: value.clone() for name, value in state.items()}

    def _forget(self) -> None:
        self._model, self._only_heads = None, True
        self._suffixes.clear()

    def outputs_behind(self, cut: CutModel) -> Tensor:
        """Return the outputs for the validation rows, from cached activations."""
        key = cut.cut_point, cut.input_size
        if key not in self._suffixes:
            cuts = self._activations.cuts(self._backbone.name, cut.input_size)
            self._suffixes[key] = cuts.suffix(cut.cut_point, self.model)
        plain = ViewSpec(cut.input_size, len(self._run_cache.order))
        activations = cut.workbench.activations(cut.cut_point, plain).val
        device = self._run_cache.device
        self.model.eval()
        return forward_in_batches(
            self._suffixes[key],
            activations,
            to_batch=lambda x: x.to(device=device, dtype=torch.float32, non_blocking=True),
            device=device,
        )


def _check_finite(state: Mapping[str, Tensor]) -> None:
    """Raise TrainingError unless all weights are finite.

    Scores do not show this without validation rows, or if the network's outputs stay finite.
    """
    for name, value in state.items():
        if not value.is_floating_point() or bool(value.detach().sum(dtype=torch.float32).isfinite()):
            continue  # a sum costs a tenth of looking at each weight, and any NaN or infinity remains in it
        if not bool(value.isfinite().all()):
            raise TrainingError(
                f"The network's weights must be finite (got NaN or infinity in {name}). "
                "Lower the learning rate, or score an earlier epoch."
            )


def _difference(stock: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> str:
    """Return the difference between two states in words, "" if there is none."""
    missing, extra = [*(stock.keys() - state.keys())], [*(state.keys() - stock.keys())]
    shapes = [
        f"{name} {tuple(state[name].shape)} in place of {tuple(value.shape)}"
        for name, value in stock.items()
        if name in state and state[name].shape != value.shape
    ]
    parts = [
        f"{label} {', '.join(sorted(names)[:NAMED])}" + (", …" if len(names) > NAMED else "")
        for label, names in (("no", missing), ("an additional", extra), ("", shapes))
        if names
    ]
    return " and ".join(part.strip() for part in parts)
