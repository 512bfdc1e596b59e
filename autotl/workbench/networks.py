"""The pretrained networks of a run, each opened once."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from autotl.api import Backbone
from autotl.backbone import create, new_head
from autotl.heads import HeadForm, HeadKinds, attach_head
from autotl.training import to_device
from autotl.workbench.tensor_files import head_in, read_weights


class Networks:
    """Opens networks when they are first used, and keeps them in memory.

    Attributes:
        head_kinds: The kinds of heads that networks can have besides linear ones.
    """

    def __init__(
        self,
        backbones: Mapping[str, Backbone],
        *,
        outputs: int,
        device: str,
        opened: Networks | None = None,
    ) -> None:
        """Prepare the networks.

        Args:
            backbones: The networks, by name.
            outputs: The width of the target's last layer.
            device: Runs the networks.
            opened: Networks of the same run, which are reused if they are among ``backbones``.
        """
        self._backbones, self._outputs, self._device = backbones, outputs, device
        # shared, so that networks that are no longer used free their memory
        self._models: dict[tuple[str, str], nn.Module] = {} if opened is None else opened._models
        self.head_kinds: HeadKinds = HeadKinds() if opened is None else opened.head_kinds
        for name, head in [*self._models]:
            if name not in backbones:
                del self._models[name, head]

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the networks, which another process opens itself."""
        return self.__dict__ | {"_models": {}}

    def with_backbones(self, backbones: Mapping[str, Backbone]) -> Networks:
        """Return the same networks with other facts about them."""
        copied = copy.copy(self)
        copied._backbones, copied._models = backbones, self._models
        return copied

    def with_head_kinds(self, kinds: HeadKinds) -> Networks:
        """Return the same networks with these kinds of heads."""
        copied = copy.copy(self)
        copied.head_kinds, copied._models = kinds, self._models
        return copied

    def source(self, backbone: str) -> nn.Module:
        """Return the shared pretrained network with source head, in eval mode (read-only)."""
        return self._model(backbone, "source")

    def task(self, backbone: str) -> nn.Module:
        """Return the shared pretrained network with a new zero head (read-only)."""
        return self._model(backbone, "task")

    def new(self, backbone: str) -> nn.Module:
        """Return a copy of the pretrained network with a zero head."""
        return copy.deepcopy(self.task(backbone))

    def with_head(self, backbone: str, form: HeadForm | None) -> nn.Module:
        """Return a new network with a new head; None is linear.

        Raises:
            PluginError: No plugin offers the kind of the head.
        """
        if form is None:
            return self.new(backbone).eval()
        with torch.random.fork_rng(devices=[]):  # a training between two scores must not notice
            model = self.new(backbone)
            attach_head(model, form, self.head_kinds.build(form))
        return model.eval()

    def saved(self, backbone: str, file: str) -> nn.Module:
        """Return the network of a weights file, with its head.

        Raises:
            PluginError: No plugin offers the kind of the head.
        """
        model = self.with_head(backbone, head_in(file))
        model.load_state_dict(read_weights(file))
        return model

    def random(self, backbone: str, *, seed: int) -> nn.Module:
        """Return the network with random weights and a zero head."""
        weights = self._backbones[backbone].weights
        return to_device(create(weights, classes=self._outputs, pretrained=False, seed=seed), self._device)

    def _model(self, backbone: str, head: str) -> nn.Module:
        if (backbone, head) not in self._models:
            weights = self._backbones[backbone].weights
            if head == "source":
                model = create(weights)
            else:
                model = copy.deepcopy(self._model(backbone, "source")).cpu()
                new_head(model, self._outputs)
            self._models[backbone, head] = to_device(model, self._device).eval()
        return self._models[backbone, head]
