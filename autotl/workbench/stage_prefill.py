"""Cache the outputs of late stages during feature extraction.

They are for fine-tuning behind them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace

import torch
from torch import Tensor

from autotl.api import Backbone, Stage
from autotl.backbone import example_inputs
from autotl.errors import CacheError
from autotl.training import autocast
from autotl.workbench.activation_cache import CHECKED_IMAGES, INTEGER_DTYPES, ActivationCache
from autotl.workbench.feature_extraction import Prefill, channels_last, forward_with_activations
from autotl.workbench.image_cache import CancellationCheck, never_cancelled
from autotl.workbench.run_cache import RunCache

MIN_LATE_SHARE = 0.5
"""Smallest fraction of the arithmetic before a cached stage output; earlier outputs are large."""
LATE_STORE_SHARE = 0.25
"""Largest fraction of the store for late stages of all backbones; the rest is for other arrays."""


class _Incomplete(Exception):
    """The stage outputs were not all written."""


def prefill_late_stages(
    run_cache: RunCache,
    activations: ActivationCache,
    backbone: str,
    *,
    check_cancelled: CancellationCheck = never_cancelled,
) -> None:
    """Extract features, and cache late stage outputs in the same pass.

    Nothing is done if the features are cached, or if stage outputs do not fit or are not used. The features
    are then extracted when first used.

    Args:
        run_cache: The images and networks.
        activations: Receives the stage outputs.
        backbone: The network.
        check_cancelled: Called before each batch; may raise to end the work.
    """
    facts, view = run_cache.backbones[backbone], activations.plain_view(backbone)
    if run_cache.cached_features(backbone, input_size=facts.input_size) is not None:
        return
    if not (cut_points := _cut_points(run_cache, activations, facts)):
        return
    with suppress(_Incomplete), ExitStack() as entries:
        arrays = {}
        for cut_point in cut_points:
            try:
                array = entries.enter_context(activations.writer(backbone, cut_point, view))
            except CacheError as error:  # the disk is full, but the features may still fit
                raise _Incomplete from error
            if array is not None:
                arrays[cut_point] = array
        prefill = Prefill(arrays, activations.dtype)
        run_cache.features(
            backbone, input_size=facts.input_size, prefill=prefill, check_cancelled=check_cancelled
        )
        if prefill.written < view.rows:
            raise _Incomplete  # a value overflowed, or another process extracted the features


def with_cached_stages(
    run_cache: RunCache, backbones: Mapping[str, Backbone], *, reuse: bool
) -> dict[str, Backbone]:
    """Return the backbones with the depths of their cached stages in ``kept``.

    Args:
        run_cache: The images and networks.
        backbones: The networks, by name.
        reuse: Whether activations are cached at all.

    Returns:
        The backbones. Depths are fractions of the arithmetic; 1 stands for cached features.
    """
    activations = ActivationCache(run_cache, enabled=reuse)

    def cached_depths(facts: Backbone) -> tuple[float, ...]:
        view = activations.plain_view(facts.name)
        depths = [
            stage.flops
            for stage in _late_stages(facts)
            if activations.contains(facts.name, stage.module, view)
        ]
        has_features = run_cache.cached_features(facts.name, input_size=facts.input_size) is not None
        return (*depths, *[1.0] * has_features) if reuse else ()

    return {name: replace(facts, kept=cached_depths(facts)) for name, facts in backbones.items()}


def _late_stages(facts: Backbone) -> list[Stage]:
    return [stage for stage in facts.stages[:-1] if stage.flops >= MIN_LATE_SHARE]


def _cut_points(run_cache: RunCache, activations: ActivationCache, facts: Backbone) -> list[str]:
    """Return late cut points whose outputs are small and fit."""
    view, found, numbers = activations.plain_view(facts.name), list[str](), 0
    share = LATE_STORE_SHARE / len(run_cache.backbones)
    integer = INTEGER_DTYPES[activations.dtype.itemsize]
    for stage in _late_stages(facts):
        if not activations.views_that_fit(facts.name, stage.module, view, wanted=1):
            continue
        numbers += math.prod(activations.shape(facts.name, stage.module, view.input_size))
        too_large = found and numbers > 3 * view.input_size**2
        if too_large or not run_cache.store.fits((view.rows, numbers), integer, share=share):
            break
        found.append(stage.module)
    return [name for name in found if _matches_task_network(run_cache, activations, facts, name)]


def _matches_task_network(
    run_cache: RunCache, activations: ActivationCache, facts: Backbone, cut_point: str
) -> bool:
    """Return whether source and task network have equal outputs there."""
    model = run_cache.networks.source(facts.name)
    piece = activations.cuts(facts.name, facts.input_size).piece(None, cut_point)
    with (
        torch.inference_mode(),
        autocast(run_cache.device),
        forward_with_activations(model, [cut_point]) as forward,
    ):
        x = _noise(run_cache, facts)
        expected = channels_last(piece(x)).flatten(1)
        try:
            found = forward(x)[:, facts.features :]
        except (KeyError, TypeError, AttributeError):  # the module is not called, or returns no tensor
            return False
        same = found.shape == expected.shape and torch.allclose(found, expected, rtol=1e-3, atol=1e-3)
        return same and bool(found.to(activations.dtype).isfinite().all())


def _noise(run_cache: RunCache, facts: Backbone) -> Tensor:
    """Return a batch of random inputs on the device."""
    generator = torch.Generator().manual_seed(0)
    model = run_cache.networks.source(facts.name)
    if hasattr(model, "example_inputs"):  # a network that takes no images
        return example_inputs(model, CHECKED_IMAGES, facts.input_size, generator).to(run_cache.device)
    shape = (CHECKED_IMAGES, 3, facts.input_size, facts.input_size)
    noise = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
    return run_cache.to_batch(facts.name, noise)
