"""Compare encoded inputs with given or expected inputs of a source."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autotl.analysis.source.comparison import ROWS, Comparison
from autotl.api import KnowsSource, Likeness, Reference
from autotl.backbone import build_reference, calibrated_similarity
from autotl.modalities import modality_of
from autotl.seeds import derive

Encoded = NDArray[Any]


def over_inputs(comparison: Comparison) -> dict[str, Likeness]:
    """Measure on encoded inputs instead of features.

    The source is that of the user; else inputs are drawn as the source is expected to have them. There are no
    measures without either, and for a modality without such measures.

    Args:
        comparison: The backbone and the data.
    """
    config = comparison.backbone.config
    modality = modality_of(config)
    if not isinstance(modality, KnowsSource):
        return {}
    target = comparison.target(ROWS, comparison.backbone.input_size)
    reference = _reference(comparison, modality, target.numpy())
    if reference is None:
        return {}
    noise = comparison.noise(target).double().numpy()
    measures = modality.input_similarities(config)

    def measure(name: str) -> Likeness:
        return calibrated_similarity(
            target.double().numpy(),
            reference,
            noise,
            measures[name],
            seed=derive(comparison.seed, name),
            resamples=comparison.resamples,
        )

    return comparison.measured(measures, measure)


def _reference(comparison: Comparison, modality: KnowsSource, target: Encoded) -> Reference | None:
    """Return the source's inputs as a reference; None if nothing is known of them."""
    backbone = comparison.backbone
    if comparison.source is not None:
        return build_reference(comparison.source.double().numpy(), input_size=backbone.input_size)
    if backbone.weights.folder is None:
        return None
    twice = np.concatenate([target, target])  # one half is the source's own sample
    found = modality.expected_inputs(backbone.weights.folder, backbone.config, twice, seed=comparison.seed)
    if found is None:
        return None
    built = build_reference(found.astype(np.float64), input_size=backbone.input_size)
    return replace(built, origin="token frequencies")
