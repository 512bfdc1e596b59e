"""Open the backbones that were named, or those that suit the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from autotl.api import Backbone, BackboneSource, Dataset, Splits, Weights
from autotl.backbone import candidates, describe
from autotl.clock import Deadline
from autotl.errors import DataError
from autotl.search.limits import screen
from autotl.search.setup import Setup


def open_backbones(
    setup: Setup,
    found: list[Weights],
    sources: Mapping[str, BackboneSource],
    dataset: Dataset,
    splits: Splits,
    end: Deadline,
) -> tuple[dict[str, Backbone], list[str]]:
    """Open the backbones in ``found``, or candidates if it is empty; gives notes too.

    Args:
        setup: What the user asked for.
        found: The weights of the backbones that were named.
        sources: The places backbones come from, by name.
        dataset: The images.
        splits: Their split.
        end: The end of the budget, by a share of which the pace is measured.

    Raises:
        DataError: A backbone cannot take the image size, or two have one name.
    """
    notes: list[str] = []
    images, side = len(dataset), median_side(dataset, splits)
    if not found:
        limited = screen(
            setup.limits,
            side=side,
            image_size=setup.image_size,
            classes=len(dataset.classes),
            device=setup.device,
            clock=end.clock,
        )
        found, notes = candidates(
            sources, device=setup.device, seconds=setup.budget.seconds, images=images, beyond=limited
        )
    backbones: dict[str, Backbone] = {}
    for weights in found:
        facts = describe(
            weights,
            side=side,
            device=setup.device,
            seconds=setup.budget.seconds,
            images=images,
            clock=end.clock,
            among=len(found),
            end=end,
        )
        if setup.image_size is not None:
            if facts.config.fixed and setup.image_size != facts.config.side:
                raise DataError(
                    f"{facts.name} takes images of {facts.config.side} px only, not {setup.image_size}. "
                    f"Leave the image size out, or choose another backbone."
                )
            facts = replace(facts, sides=(setup.image_size,), side=setup.image_size)
        if facts.name in backbones:
            raise DataError(
                f"Two backbones are called {facts.name!r}: {backbones[facts.name].origin} "
                f"and {facts.origin}. Rename one folder."
            )
        backbones[facts.name] = facts
    return backbones, notes


def median_side(dataset: Dataset, splits: Splits) -> int:
    """Return the median of the training images' shorter sides, in pixels."""
    table = dataset.table.iloc[splits.train]
    return int(table[["height", "width"]].min(axis=1).median())
