"""Keep the maps of late stages while features are computed: what is frozen up to there starts from them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace

import torch

from autotl.api import Backbone, Stage
from autotl.errors import CacheError
from autotl.training import autocast
from autotl.workbench.activation_cache import FEW, RAW, ActivationCache
from autotl.workbench.feature_extraction import Prefill, channels_last, watched
from autotl.workbench.run_cache import Pulse, RunCache, no_pulse

LATE = 0.5
"""The share of the arithmetic in front of the first map that is kept: earlier ones are large."""
ROOM = 0.25
"""Of the store, for the late maps of all backbones: the rest is for images, features and other cuts."""


class _Incomplete(Exception):
    """The maps have not all been written, or cannot be."""


def keep_late_maps(
    materials: RunCache, activations: ActivationCache, backbone: str, *, pulse: Pulse = no_pulse
) -> None:
    """Compute the features of all training images and keep late maps with them; ``pulse`` may raise.

    Nothing is done where the features are known, or there is no room or use for maps: then features are left
    to whoever asks for them.
    """
    facts, look = materials.backbones[backbone], activations.plain(backbone)
    if materials.known_features(backbone, side=facts.side) is not None:
        return
    if not (places := _places(materials, activations, facts)):
        return
    with suppress(_Incomplete), ExitStack() as entries:
        arrays = {}
        for place in places:
            try:
                array = entries.enter_context(activations.making(backbone, place, look))
            except CacheError as error:  # the disk is full, but not yet for what has to be kept
                raise _Incomplete from error
            if array is not None:
                arrays[place] = array
        beside = Prefill(arrays, activations.kind)
        materials.features(backbone, side=facts.side, beside=beside, pulse=pulse)
        if beside.written < look.rows:
            raise _Incomplete  # something overflowed, or another process had computed the features


def with_late_maps(
    materials: RunCache, backbones: Mapping[str, Backbone], *, reuse: bool
) -> dict[str, Backbone]:
    """The backbones, each knowing which late maps of it are kept, and whether the features are."""
    activations = ActivationCache(materials, on=reuse)

    def kept(facts: Backbone) -> tuple[float, ...]:
        look = activations.plain(facts.name)
        there = [each.flops for each in _late(facts) if activations.has(facts.name, each.module, look)]
        seen = materials.known_features(facts.name, side=facts.side) is not None
        return (*there, *[1.0] * seen) if reuse else ()

    return {name: replace(facts, kept=kept(facts)) for name, facts in backbones.items()}


def _late(facts: Backbone) -> list[Stage]:
    return [each for each in facts.stages[:-1] if each.flops >= LATE]


def _places(materials: RunCache, activations: ActivationCache, facts: Backbone) -> list[str]:
    """Behind the first late stage and further ones, as long as there is room, and all maps of an image
    together are no more numbers than the image itself.
    """
    look, found, numbers = activations.plain(facts.name), list[str](), 0
    share, kind = ROOM / len(materials.backbones), RAW[activations.kind.itemsize]
    for stage in _late(facts):
        if not activations.views(facts.name, stage.module, side=look.side, rows=look.rows, wanted=1):
            continue
        numbers += math.prod(activations.shape(facts.name, stage.module, look.side))
        crowded = found and numbers > 3 * look.side**2
        if crowded or not materials.store.fits((look.rows, numbers), kind, share=share):
            break
        found.append(stage.module)
    return [place for place in found if _alike(materials, activations, facts, place)]


def _alike(materials: RunCache, activations: ActivationCache, facts: Backbone, place: str) -> bool:
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
        except (KeyError, TypeError, AttributeError):  # it is not called, or gives no tensor
            return False
        same = found.shape == expected.shape and torch.allclose(found, expected, rtol=1e-3, atol=1e-3)
        return same and bool(found.to(activations.kind).isfinite().all())
