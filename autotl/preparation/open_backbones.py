"""Open named backbones, or backbones that suit the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from autotl.api import Backbone, BackboneSource, Dataset, Splits, Weights
from autotl.backbone import Workload, candidates, describe, first_available
from autotl.clock import Deadline
from autotl.config.run_settings import RunSettings
from autotl.errors import DataError, WeightsError
from autotl.modalities import modality_named
from autotl.preparation.model_limits import limit_check
from autotl.progress import report_progress


def choose_backbones(
    settings: RunSettings,
    sources: Mapping[str, BackboneSource],
    dataset: Dataset,
    splits: Splits,
    end: Deadline,
) -> tuple[list[Weights], list[str]]:
    """Choose backbones by data, device, budget and limits.

    Args:
        settings: The options of the run.
        sources: The sources of backbones, by name.
        dataset: The images.
        splits: Their split.
        end: The end of the budget.

    Returns:
        The weights, best first, and notes on the choice.
    """
    modality = modality_named(dataset.modality)
    if modality.backbones:
        weights, note = first_available(modality.backbones, sources)
        return [weights], [note]
    exceeds = limit_check(
        settings.limits,
        typical_size=median_size(dataset, splits),
        image_size=settings.image_size,
        classes=len(dataset.classes),
        device=settings.device,
        clock=end.clock,
    )
    return candidates(
        sources,
        device=settings.device,
        seconds=settings.budget.seconds,
        images=len(dataset),
        beyond=exceeds,
    )


def describe_backbones(
    settings: RunSettings, chosen: list[Weights], dataset: Dataset, splits: Splits, end: Deadline
) -> dict[str, Backbone]:
    """Open backbones and measure their speed.

    Args:
        settings: The options of the run.
        chosen: The weights.
        dataset: The images.
        splits: Their split.
        end: The end of the budget.

    Returns:
        The backbones by name, in the same order.

    Raises:
        DataError: A backbone does not take the image size of the options, or two have the same name.
        WeightsError: A backbone takes inputs of another modality.
    """
    typical_size, backbones = median_size(dataset, splits), dict[str, Backbone]()
    for weights in chosen:
        if weights.modality != dataset.modality:
            raise WeightsError(
                f"The backbone must take {dataset.modality} inputs, as the data has (got {weights.name}, "
                f"which takes {weights.modality} inputs). Name another one with --backbone, or leave it out."
            )
        report_progress(f"loading and timing {weights.name}")
        facts = describe(
            weights,
            typical_size=typical_size,
            device=settings.device,
            workload=Workload(len(dataset), settings.budget.seconds, len(chosen)),
            clock=end.clock,
            end=end,
        )
        if facts.name in backbones:
            raise DataError(
                f"Two backbones are called {facts.name!r}: {backbones[facts.name].origin} "
                f"and {facts.origin}. Rename one folder."
            )
        backbones[facts.name] = _with_image_size(facts, settings.image_size)
    return backbones


def median_size(dataset: Dataset, splits: Splits) -> int:
    """Return the typical size of training inputs, in pixels or tokens."""
    return modality_named(dataset.modality).typical_size(dataset.table.iloc[splits.train])


def _with_image_size(facts: Backbone, image_size: int | None) -> Backbone:
    """Return the backbone with the user's image size as the only one. Raises DataError."""
    if image_size is None:
        return facts
    if facts.config.fixed and image_size != facts.config.input_size:
        raise DataError(
            f"image_size must be {facts.config.input_size} for {facts.name} (got {image_size}). "
            "Leave it out, or choose another backbone."
        )
    return replace(facts, input_sizes=(image_size,), input_size=image_size)
