"""TabICL as a module that maps features to outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from tabicl import InferenceConfig
from tabicl._model.tabicl import TabICL  # its public classes take paths and arrays, not tensors
from torch import Tensor, nn

CLIP = 4.0
"""Largest distance from the mean in standard deviations, as in TabICL's own preparation."""
TEMPERATURE = 0.9
"""Divides the logits, as in TabICL's own classifier."""
BATCH = 512
"""Rows that are predicted at once."""
MISSING = 5.0
"""A class without a row in the context gets this much less than the least likely class."""
LARGEST = 4096
"""Largest number among TabICL's arguments; larger ones were edited."""


class TabICLHead(nn.Module):
    """Principal components of the features, then prediction in context.

    Each member sees the components in another order and the classes under other numbers. The outputs are the
    mean of the members' logits. A row's outputs depend on that row and the context alone.

    The arguments are ``network``, the arguments of TabICL, ``rows``, the size of the context, ``components``,
    ``members``, and ``classes``, the number of classes in the context.

    Attributes:
        mean: Mean of the features, (features,).
        projection: Maps centred features to components of variance 1, (features, components).
        context: Components of the context's rows, (rows, components).
        labels: Indices into ``present``, (rows,).
        present: The classes in the context, (classes,).
        orders: Order of the components for each member, (members, components).
        shifts: Number that each member adds to the labels, modulo the number of classes, (members,).
        network: The pretrained transformer, which is never trained.
    """

    mean: Tensor
    projection: Tensor
    context: Tensor
    labels: Tensor
    present: Tensor
    orders: Tensor
    shifts: Tensor

    def __init__(self, arguments: Mapping[str, Any], features: int, outputs: int) -> None:
        super().__init__()
        rows, components, members, classes = (
            int(arguments[name]) for name in ("rows", "components", "members", "classes")
        )
        self.outputs, self._caches = outputs, None
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("projection", torch.zeros(features, components))
        self.register_buffer("context", torch.zeros(rows, components))
        self.register_buffer("labels", torch.arange(rows) % classes)
        self.register_buffer("present", torch.arange(classes))
        self.register_buffer("orders", torch.arange(components).repeat(members, 1))
        self.register_buffer("shifts", torch.zeros(members, dtype=torch.int64))
        self.network = TabICL(**_checked(arguments["network"])).eval().requires_grad_(False)
        if self.network.max_classes < 2:
            raise ValueError(f"max_classes must be 2 or more (got {self.network.max_classes})")
        self.register_load_state_dict_post_hook(TabICLHead.loaded)

    @staticmethod
    def loaded(head: TabICLHead, keys: Any) -> None:
        """Forget the old context, and raise ValueError if a loaded index is out of range."""
        head._caches = None
        limits = {
            "labels": len(head.present),
            "present": head.outputs,
            "orders": head.projection.shape[1],
            "shifts": len(head.present),
        }
        for name, limit in limits.items():
            value = getattr(head, name)
            if not 0 <= int(value.min()) <= int(value.max()) < limit:
                raise ValueError(f"{name} must be from 0 to {limit - 1} (got {value.tolist()[:5]} …)")
        if len(head.labels.unique()) < len(head.present):
            raise ValueError("each class in the context must have a row")

    def train(self, mode: bool = True) -> TabICLHead:
        """Set the mode; the transformer stays in evaluation mode."""
        super().train(mode)
        self.network.eval()
        return self

    def embed(self, x: Tensor) -> Tensor:
        """Return the components (rows, components) of features (rows, d)."""
        return ((x - self.mean) @ self.projection).clamp(-CLIP, CLIP)

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (rows, k) of features (rows, d)."""
        return torch.cat([self._outputs(part) for part in self.embed(x).split(BATCH)])

    def _outputs(self, rows: Tensor) -> Tensor:
        logits = torch.stack([self._member(rows, member) for member in range(len(self.shifts))]).mean(0)
        floor = logits.min(1, keepdim=True).values - MISSING
        found = floor.expand(len(rows), self.outputs).clone()
        found[:, self.present] = logits
        return found / TEMPERATURE

    def _member(self, rows: Tensor, member: int) -> Tensor:
        """Return one member's logits of the classes in the context."""
        classes, order = len(self.present), self.orders[member]
        config = _inference(rows.device)
        if classes <= self.network.max_classes:
            cache = self._cached(rows.device)[member]
            found = self.network.forward_with_cache(
                X_test=rows[None, :, order], cache=cache, inference_config=config
            )
            self.network.clear_cache()
        else:  # a hierarchy of classifications, which TabICL cannot cache
            table = torch.cat([self.context, rows])[None, :, order]
            found = self.network(table, self._numbers(member)[None], inference_config=config)
        numbers = (torch.arange(classes, device=rows.device) + self.shifts[member]) % classes
        return found[0, :, numbers].float()

    def _cached(self, device: torch.device) -> list[Any]:
        """Return what the transformer keeps of the context, for each member."""
        if self._caches is None:
            self._caches = [self._cache(device, member) for member in range(len(self.shifts))]
        return self._caches

    def _cache(self, device: torch.device, member: int) -> Any:
        self.network.forward_with_cache(
            X_train=self.context[None, :, self.orders[member]],
            y_train=self._numbers(member)[None],
            inference_config=_inference(device),
        )
        cache = self.network._cache
        self.network.clear_cache()
        return cache

    def _numbers(self, member: int) -> Tensor:
        """Return the labels as a member numbers them, float32 (rows,)."""
        return ((self.labels + self.shifts[member]) % len(self.present)).float()

    def _apply(self, *given: Any, **named: Any) -> TabICLHead:
        self._caches = None  # it lies on the old device
        super()._apply(*given, **named)
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_caches": None}


def _inference(device: torch.device) -> InferenceConfig:
    """Return settings that predict on the device of the tensors, in float32."""
    settings = {"device": str(device), "use_amp": False, "use_fa3": False, "offload": False}
    config = InferenceConfig()
    config.update_from_dict(dict.fromkeys(("COL_CONFIG", "ROW_CONFIG", "ICL_CONFIG"), settings))
    return config


def _checked(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments of TabICL. Raises ValueError for values that no checkpoint has."""
    for name, value in arguments.items():
        counted = isinstance(value, int) and not isinstance(value, bool)
        if counted and name != "row_rope_base" and not 0 <= value <= LARGEST:
            raise ValueError(f"{name} must be from 0 to {LARGEST} (got {value})")
        if not isinstance(value, bool | int | float | str):
            raise ValueError(f"{name} must be a number or a text (got {value!r})")
    return dict(arguments)
