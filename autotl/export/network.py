"""Build the network that is exported: pixels in, predictions and outputs out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from autotl.api import DataConfig, PixelScale, PredictionIntervals, TargetKind, TargetSpec
from autotl.backbone import is_ensemble
from autotl.data import View
from autotl.errors import ExportError
from autotl.export.plain_head import with_plain_head
from autotl.heads import HeadKinds
from autotl.modalities import image_view, modality_of
from autotl.results import LoadedModel, load_ensemble, load_model


@dataclass(frozen=True, slots=True)
class ExportedModel:
    """A model with all that its file needs.

    Attributes:
        network: Pixels, uint8 (n, s, s, 3), to predictions and outputs, float32 (n, k).
        target: The target with outputs in the user's units.
        view: The view of images.
        mean: The mean of the normalisation; of an ensemble, that of its first network.
        std: The standard deviation of the normalisation.
        temperature: The divisor of an ensemble's outputs; 1 for one network, which holds it already.
        scale: The pixel values of black and white; None if the folder has none.
        intervals: The prediction intervals of numbers.
        members: The number of networks.
        tta: Whether autotl averages over mirror images, which the exported network does not.
    """

    network: nn.Module
    target: TargetSpec
    view: View
    mean: tuple[float, ...]
    std: tuple[float, ...]
    temperature: float
    scale: PixelScale | None
    intervals: PredictionIntervals | None
    members: int
    tta: bool = False


def load_exported(folder: Path, *, heads: Callable[[], HeadKinds]) -> ExportedModel:
    """Load a model folder for an export, on the CPU.

    Args:
        folder: The model folder.
        heads: Returns the kinds of heads that are not linear.

    Raises:
        RunError: The folder is damaged, or needs a plugin that is not installed.
        ExportError: The networks of an ensemble get images in different ways.
    """
    if is_ensemble(folder):
        ensemble = load_ensemble(folder, heads=heads)
        return _exported(ensemble.members, ensemble.shares, ensemble.temperature, ensemble.intervals)
    model = load_model(folder, heads=heads)
    return _exported((model,), (1.0,), 1.0, model.intervals)


def _exported(
    members: Sequence[LoadedModel],
    shares: Sequence[float],
    temperature: float,
    intervals: PredictionIntervals | None,
) -> ExportedModel:
    views = {view.key: view for view in (_view(each) for each in members)}
    if len(views) > 1:
        raise ExportError(
            "The networks of an exported ensemble must get the same images (got the preprocessings "
            f"{', '.join(views)}). Fit without --ensemble, or with --image-size."
        )
    first, config = members[0], image_config(members[0])
    network = ExportedNetwork(members, shares, temperature).eval()
    return ExportedModel(
        network,
        first.target.in_units,
        _view(first),
        config.mean,
        config.std,
        temperature,
        first.scale,
        intervals,
        len(members),
        first.tta and len(members) == 1,
    )


def image_config(loaded: LoadedModel) -> DataConfig:
    """Return the view of a model for images. Raises ExportError for others."""
    modality = modality_of(loaded.config)
    if "export" not in modality.supports:
        raise ExportError(
            f"A model of {modality.noun}s is not exported. Copy the model folder of the run; its report "
            "shows how to use the folder."
        )
    return cast(DataConfig, loaded.config)


def _view(loaded: LoadedModel) -> View:
    config = image_config(loaded)
    return image_view(config, input_size=config.input_size)


class ExportedNetwork(nn.Module):
    """Networks with their normalisation, and the activation of the target.

    Several networks answer with the weighted mean of their predictions, at a temperature.
    """

    def __init__(self, members: Sequence[LoadedModel], shares: Sequence[float], temperature: float) -> None:
        super().__init__()
        self.members = nn.ModuleList(_Member(each) for each in members)
        self.kind: TargetKind = members[0].target.kind
        self.temperature = temperature
        self.register_buffer("shares", torch.tensor(shares, dtype=torch.float32).view(-1, 1, 1))

    shares: Tensor

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return predictions and outputs, (n, k), of images.

        The images are pixels, uint8 (n, s, s, 3).
        """
        x = images.permute(0, 3, 1, 2).float() / 255
        several = [member(x) for member in self.members]
        outputs = several[0] if len(several) == 1 else self._combined(torch.stack(several))
        return predictions_of(outputs, self.kind), outputs

    def _combined(self, several: Tensor) -> Tensor:
        """Return the outputs of the mean prediction of several outputs, (networks, n, k)."""
        if self.kind == "regression":
            return (several * self.shares).sum(0) / self.temperature
        weights = self.shares.log()
        if self.kind == "single_label":
            return (functional.log_softmax(several, 2) + weights).logsumexp(0) / self.temperature
        yes = (functional.logsigmoid(several) + weights).logsumexp(0)
        no = (functional.logsigmoid(-several) + weights).logsumexp(0)
        return (yes - no) / self.temperature


def predictions_of(outputs: Tensor, kind: TargetKind) -> Tensor:
    """Return probabilities or numbers (n, k) of outputs (n, k)."""
    if kind == "single_label":
        return outputs.softmax(1)
    # converters refuse a graph with the same output twice
    return outputs.sigmoid() if kind == "multi_label" else outputs * 1.0


class _Member(nn.Module):
    """A network with its normalisation, and outputs in the user's units."""

    mean: Tensor
    std: Tensor
    means: Tensor | None
    scales: Tensor | None

    def __init__(self, loaded: LoadedModel) -> None:
        super().__init__()
        self.network, target = with_plain_head(loaded.model), loaded.target
        config = image_config(loaded)
        self.register_buffer("mean", torch.tensor(config.mean).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(config.std).view(1, -1, 1, 1))
        self.register_buffer("means", torch.tensor(target.means) if target.scales else None)
        self.register_buffer("scales", torch.tensor(target.scales) if target.scales else None)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (n, k) of pixels in [0, 1], (n, 3, s, s)."""
        outputs: Tensor = self.network((x - self.mean) / self.std)
        if self.scales is None or self.means is None:
            return outputs
        return outputs * self.scales + self.means
