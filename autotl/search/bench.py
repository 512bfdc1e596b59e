"""The workbench of one trial: one task, one backbone, one fold, one seed."""

from __future__ import annotations

from torch import Tensor, nn

from autotl.api import Backbone, Fold, Rows, Task
from autotl.search.materials import Materials
from autotl.train import metric


class Bench:
    """A :class:`~autotl.api.Workbench` over a run's shared materials; without a fold, all rows are to learn
    from.
    """

    def __init__(
        self, materials: Materials, task: Task, backbone: Backbone, fold: Fold | None, *, seed: int
    ) -> None:
        self.task, self.backbone, self.seed, self.device = task, backbone, seed, materials.device
        self._materials = materials
        train = materials.positions(materials.splits.train if fold is None else fold.train)
        val = train[:0] if fold is None else materials.positions(fold.val)
        self._rows = Rows(train, val)

    def model(self, *, pretrained: bool = True) -> nn.Module:
        """See :class:`~autotl.api.Workbench`."""
        if pretrained:
            return self._materials.model(self.backbone.name)
        return self._materials.random_model(self.backbone.name, seed=self.seed)

    def source_model(self) -> nn.Module:
        """See :class:`~autotl.api.Workbench`."""
        return self._materials.source_model(self.backbone.name)

    def labels(self) -> Rows[Tensor]:
        """See :class:`~autotl.api.Workbench`."""
        labels = self._materials.labels
        return Rows(labels[self._rows.train], labels[self._rows.val])

    def features(self, *, side: int) -> Rows[Tensor]:
        """See :class:`~autotl.api.Workbench`."""
        features = self._materials.features(self.backbone.name, side=side)
        return Rows(_take(features, self._rows.train), _take(features, self._rows.val))

    def pixels(self, *, side: int, augmented: bool = False) -> Rows[Tensor]:
        """See :class:`~autotl.api.Workbench`."""
        name = self.backbone.name
        train = self._materials.pixels(name, side=side, margin=augmented)
        val = self._materials.pixels(name, side=side, margin=False)
        return Rows(_take(train, self._rows.train), _take(val, self._rows.val))

    def normalise(self, pixels: Tensor) -> Tensor:
        """See :class:`~autotl.api.Workbench`."""
        return self._materials.normalise(self.backbone.name, pixels)

    def score(self, logits: Tensor) -> float:
        """See :class:`~autotl.api.Workbench`."""
        if not len(self._rows.val):
            return 0.0
        labels = self._materials.labels[self._rows.val]
        return metric(self.task.metric)(labels.numpy(), logits.float().numpy())


def _take(values: Tensor, rows: Tensor) -> Tensor:
    """The rows, without copying where they stand side by side."""
    if len(rows) and bool((rows[1:] - rows[:-1] == 1).all()):
        return values[int(rows[0]) : int(rows[-1]) + 1]
    return values[rows]
