"""Keep the maps of late stages while features are computed: what is frozen up to there starts from them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace

import torch

from autotl.api import Backbone, Stage
from autotl.search.activations import Activations
from autotl.search.materials import Materials
from autotl.search.one_pass import Incomplete, OnTheWay, channels_last, watched
from autotl.train import autocast

LATE = 0.5
"""The share of the arithmetic in front of the first map that is kept: earlier ones are large."""
FEW = 4
"""Images that show whether a module gives what the cut behind it does."""


def keep_late_maps(materials: Materials, activations: Activations, backbone: str) -> None:
    """Compute the features of all training images and keep late maps with them.

    Nothing is done where the features are known, or there is no room or use for maps: then features are left
    to whoever asks for them.
    """
    facts, look = materials.backbones[backbone], activations.plain(backbone)
    if materials.known_features(backbone, side=facts.side) is not None:
        return
    if not (places := _places(materials, activations, facts)):
        return
    with suppress(Incomplete), ExitStack() as entries:
        arrays = {
            place: array
            for place in places
            if (array := entries.enter_context(activations.making(backbone, place, look))) is not None
        }
        beside = OnTheWay(arrays, activations.kind)
        materials.features(backbone, side=facts.side, beside=beside)
        if beside.written < look.rows:
            raise Incomplete  # another process had computed the features: these arrays are empty


def with_late_maps(
    materials: Materials, backbones: Mapping[str, Backbone], *, reuse: bool
) -> dict[str, Backbone]:
    """The backbones, each knowing where the first late map of it is kept."""
    activations = Activations(materials, on=reuse)

    def kept_from(facts: Backbone) -> float:
        look = activations.plain(facts.name)
        kept = (each.flops for each in _late(facts) if activations.has(facts.name, each.module, look))
        return next(kept, 0.0) if reuse else 0.0

    return {name: replace(facts, kept_from=kept_from(facts)) for name, facts in backbones.items()}


def _late(facts: Backbone) -> list[Stage]:
    return [each for each in facts.stages[:-1] if each.flops >= LATE]


def _places(materials: Materials, activations: Activations, facts: Backbone) -> list[str]:
    """Behind the first late stage and further ones, as long as all maps of an image together are no more
    numbers than the image itself.
    """
    look, found, numbers = activations.plain(facts.name), list[str](), 0
    for stage in _late(facts):
        if not activations.views(facts.name, stage.module, side=look.side, rows=look.rows, wanted=1):
            continue
        numbers += math.prod(activations.shape(facts.name, stage.module, look.side))
        if found and numbers > 3 * look.side**2:
            break
        found.append(stage.module)
    return [place for place in found if _alike(materials, activations, facts, place)]


def _alike(materials: Materials, activations: Activations, facts: Backbone, place: str) -> bool:
    """Whether the pretrained network's module gives what the task's network gives at the cut behind it."""
    model = materials.source_model(facts.name)
    piece = activations.cuts(facts.name, facts.side).piece(None, place)
    drawn = torch.Generator().manual_seed(0)
    noise = torch.randint(0, 256, (FEW, 3, facts.side, facts.side), dtype=torch.uint8, generator=drawn)
    with torch.inference_mode(), autocast(materials.device), watched(model, [place]) as run:
        x = materials.normalise(facts.name, noise)
        expected = channels_last(piece(x)).flatten(1)
        try:
            found = run(x)[:, facts.features :]
        except (
            KeyError,
            TypeError,
            AttributeError,
        ):  # it is not called, or gives something else than a tensor
            return False
        return found.shape == expected.shape and torch.allclose(found, expected, rtol=1e-3, atol=1e-3)
