"""Open the backbones that the user named, or those that suit the data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from autotl.api import Backbone, BackboneSource, Dataset, Splits, Weights
from autotl.backbone import Workload, candidates, describe
from autotl.clock import Deadline
from autotl.config.run_config import RunConfig
from autotl.errors import DataError
from autotl.preparation.model_limits import screen
from autotl.progress import doing


def open_backbones(
    setup: RunConfig,
    found: list[Weights],
    sources: Mapping[str, BackboneSource],
    dataset: Dataset,
    splits: Splits,
    end: Deadline,
) -> tuple[dict[str, Backbone], list[str]]:
    """Return the backbones by name, with notes on those that were passed over.

    Args:
        setup: What the user asked for.
        found: The weights that the user named; autotl chooses if there are none.
        sources: Where backbones come from, by name.
        dataset: The images.
        splits: Their split: the training images say what size is usual.
        end: The end of the budget.

    Raises:
        DataError: A backbone takes no images of the size asked for, or two have one name.
    """
    notes: list[str] = []
    images, side = len(dataset), side_of(dataset, splits)
    doing("choosing backbones")
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
        doing(f"loading and timing {weights.name}")
        facts = describe(
            weights,
            side=side,
            device=setup.device,
            workload=Workload(images, setup.budget.seconds, len(found)),
            clock=end.clock,
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


def side_of(dataset: Dataset, splits: Splits) -> int:
    """Return the median length of the shorter side of training images, in pixels."""
    table = dataset.table.iloc[splits.train]
    return int(table[["height", "width"]].min(axis=1).median())
