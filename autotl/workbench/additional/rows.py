"""The rows of additional images that a learner gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from autotl.api import Images
from autotl.errors import TrainingError
from autotl.workbench.additional.images import additional_features, image_cache
from autotl.workbench.additional.sets import AdditionalSet
from autotl.workbench.cut_model import take_rows
from autotl.workbench.image_cache import CancellationCheck
from autotl.workbench.learning.kept_tensors import stored_tensor
from autotl.workbench.run_cache import RunCache


@dataclass(frozen=True, slots=True)
class WorkbenchRows:
    """An :class:`~autotl.api.AdditionalRows` on one backbone.

    Attributes:
        run_cache: The networks and the store.
        images: The set.
        backbone: The name of the network.
        check_cancelled: Called often in long work; may raise to end it.
        strategy: The name of the strategy, whose kept tensors no other strategy sees.
    """

    run_cache: RunCache
    images: AdditionalSet
    backbone: str
    check_cancelled: CancellationCheck
    strategy: str = ""

    def __len__(self) -> int:
        return len(self.images.used)

    def features(self, *, input_size: int) -> Tensor:
        """See :class:`~autotl.api.AdditionalRows`."""
        found = additional_features(
            self.run_cache,
            self.images,
            self.backbone,
            input_size=input_size,
            check_cancelled=self.check_cancelled,
        )
        return take_rows(found, torch.from_numpy(self.images.used))

    def inputs(self, *, input_size: int, augmented: bool = False) -> Images:
        """See :class:`~autotl.api.AdditionalRows`."""
        # of the used rows alone: taking them from all rows would copy them into memory in every trial
        cached = image_cache(self.run_cache, self.images, self.images.used)
        return cached.pixels(
            self.backbone, input_size=input_size, margin=augmented, check_cancelled=self.check_cancelled
        )

    def keep(self, key: str, compute: Callable[[], Tensor]) -> Tensor:
        """See :class:`~autotl.api.AdditionalRows`."""
        full_key = {
            "strategy": self.strategy,
            "kept of additional images": key,
            "rows": image_cache(self.run_cache, self.images, self.images.used).rows_digest,
            "weights": self.run_cache.backbones[self.backbone].digest,
        }
        return stored_tensor(self.run_cache.store, full_key, compute)

    def targets(self) -> Tensor | None:
        """See :class:`~autotl.api.AdditionalRows`."""
        return self.images.targets


def rows_in_role(
    run_cache: RunCache, role: str, backbone: str, check_cancelled: CancellationCheck, *, strategy: str = ""
) -> WorkbenchRows:
    """Return the images of a role.

    Args:
        run_cache: The images, networks and store.
        role: The role.
        backbone: The name of the network.
        check_cancelled: Called often in long work; may raise to end it.
        strategy: The name of the strategy that learns from them.

    Raises:
        TrainingError: The user gave no such images.
    """
    if role not in run_cache.additional:
        given = ", ".join(run_cache.additional) or "none"
        raise TrainingError(
            f"role must have images of the user (got {role!r}; given: {given}). "
            "Read task.additional first, and name the role in the strategy's attribute 'additional'."
        )
    return WorkbenchRows(run_cache, run_cache.additional[role], backbone, check_cancelled, strategy)
