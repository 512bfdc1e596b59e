"""Measure the similarity of images or texts to a backbone's source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from autotl.analysis.source.comparison import LEAST_NOISE, NOISE, NOISE_INSIDE, ROWS, ROWS_INSIDE, Comparison
from autotl.analysis.source.expected import over_inputs
from autotl.api import (
    AnySimilarity,
    Backbone,
    LayerSimilarity,
    Likeness,
    MakesNoise,
    Reference,
    Similarity,
)
from autotl.backbone import (
    BatchNormLayer,
    batchnorm_inputs,
    batchnorm_layers,
    batchnorm_reference,
    build_reference,
    calibrated_similarity,
    layer_similarity,
    load_reference,
    moment_extractor,
    native_size,
    pooled,
    split_moments,
)
from autotl.modalities import modality_of
from autotl.seeds import derive
from autotl.workbench.image_cache import CancellationCheck, never_cancelled
from autotl.workbench.run_cache import RunCache

RESAMPLES, RESAMPLES_COMPLETE = 25, 100
"""Random halves of the images for an interval, usually and with all measures."""


def deciding(similarities: Mapping[str, AnySimilarity], *, features_known: bool) -> dict[str, AnySimilarity]:
    """Return the similarities that decide on default settings.

    They declare ``steers = True``. Measures of moments and of layers decide only if nothing else of the
    source is known, or if no other measure is installed.

    Args:
        similarities: The measures by name.
        features_known: Whether features of source images are known.
    """
    steering = {name: each for name, each in similarities.items() if getattr(each, "steers", False)}
    of_features: dict[str, AnySimilarity] = {
        name: each
        for name, each in steering.items()
        if isinstance(each, Similarity) and not getattr(each, "of_moments", False)
    }
    return of_features if features_known and of_features else steering


def measure_similarity(
    run_cache: RunCache,
    backbone: Backbone,
    similarities: Mapping[str, AnySimilarity],
    *,
    source: Tensor | None,
    seed: int,
    complete: bool = True,
    seconds: float | None = None,
    pulse: CancellationCheck = never_cancelled,
) -> tuple[dict[str, Likeness], str]:
    """Measure the similarity of the training images to a backbone's source.

    Source images are compared if the user gives some; else the reference beside the weights, else the running
    statistics of BatchNorm. Without any of these, encoded inputs may be compared with expected ones.

    Args:
        run_cache: The training images.
        backbone: The backbone.
        similarities: The measures by name.
        source: Images or texts of the source, encoded, if the user gives some.
        seed: The seed of the samples.
        complete: Whether measures that decide nothing are taken as well, and the intervals are finer.
        seconds: The time that decides on the number of images; None for no limit.
        pulse: A function that is called between batches and measures, and may raise.

    Returns:
        The similarities by measure, and a note on the reference. A measure that fails is left out, and the
        note names it. There are no similarities without a reference.
    """
    if not backbone.weights.pretrained:
        return {}, f"{backbone.name} has random weights, so there is no source to be similar to."
    if not isinstance(modality_of(backbone.config), MakesNoise):
        return {}, f"The similarity to the source of {backbone.name} is unknown: no noise is known."
    resamples = RESAMPLES_COMPLETE if complete else RESAMPLES
    comparison = Comparison(run_cache, backbone, source, seed, resamples, seconds, pulse)
    reference = _reference(comparison)
    if not complete:
        known = reference is not None and reference.origin != "batchnorm"
        similarities = deciding(similarities, features_known=known)
    found = _measured(comparison, reference, similarities)
    if complete or not found:
        found |= over_inputs(comparison)
    if reference is None and not found and not comparison.failed:
        return {}, (
            f"The similarity to the source of {backbone.name} is unknown: the backbone has no source "
            "reference and no BatchNorm. Give some of its training images as source= (--source)."
        )
    expected = any(each.reference == "token frequencies" for each in found.values())
    return found, " ".join([_note(backbone, reference, expected=expected), *comparison.failures])


def _measured(
    comparison: Comparison, reference: Reference | None, similarities: Mapping[str, AnySimilarity]
) -> dict[str, Likeness]:
    """Take the measures of features and of layers that the reference allows."""
    from_batchnorm = reference is not None and reference.origin == "batchnorm"
    of_features = {name: each for name, each in similarities.items() if isinstance(each, Similarity)}
    of_layers = {name: each for name, each in similarities.items() if isinstance(each, LayerSimilarity)}
    if from_batchnorm:  # a sample drawn from variances alone lacks the shape that other measures compare
        of_features = {name: each for name, each in of_features.items() if getattr(each, "of_moments", False)}
    inside = None
    if of_layers or (from_batchnorm and of_features):
        inside = _layer_inputs(comparison, last_layer=from_batchnorm and bool(of_features))
    found: dict[str, Likeness] = {}
    if reference is not None and of_features:
        within = inside if from_batchnorm else None
        found |= _over_features(comparison, reference, of_features, within)
    if inside is not None and of_layers:
        found |= _over_layers(comparison, inside, of_layers)
    return found


@dataclass(frozen=True, slots=True)
class _LayerInputs:
    """The inputs of BatchNorm layers, as rows of :func:`moment_extractor`.

    Attributes:
        layers: The layers.
        target: Rows of training images.
        noise: Rows of noise images.
        source: Rows of source images; None without any.
    """

    layers: Sequence[BatchNormLayer]
    target: NDArray[np.float64]
    noise: NDArray[np.float64]
    source: NDArray[np.float64] | None

    def last_layer(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return one position of each image in the last layer."""
        return rows[:, 2 * sum(len(layer.mean) for layer in self.layers) :]


def _layer_inputs(comparison: Comparison, *, last_layer: bool) -> _LayerInputs | None:
    """Return the inputs of BatchNorm layers.

    ``last_layer`` adds a position in the last layer. None for a network without BatchNorm.
    """
    model, source = comparison.model, comparison.source
    layers = batchnorm_layers(model)
    if not layers:
        return None
    input_size = native_size(model) if source is None else comparison.backbone.input_size
    run = moment_extractor(model, layers, run=batchnorm_inputs(model) if last_layer else None)
    most = comparison.affordable(ROWS_INSIDE, input_size)
    inputs = comparison.target(most, input_size)
    target = comparison.rows(run, inputs)
    least = max(NOISE_INSIDE * most // ROWS_INSIDE, LEAST_NOISE)
    noise = comparison.rows(run, comparison.noise(inputs[:least]))
    rows = None if source is None else comparison.rows(run, source[:ROWS_INSIDE])
    return _LayerInputs(layers, target, noise, rows)


def _over_features(
    comparison: Comparison,
    reference: Reference,
    measures: Mapping[str, Similarity],
    inside: _LayerInputs | None,
) -> dict[str, Likeness]:
    """Measure on pooled features, or on the last layer's inputs."""
    if inside is not None:
        target, noise = inside.last_layer(inside.target), inside.last_layer(inside.noise)
    else:
        # statistics depend on the image size, so the target has that of the source
        input_size = (
            comparison.backbone.input_size if reference.origin == "source images" else reference.input_size
        )
        run = partial(pooled, comparison.model)
        most = comparison.affordable(ROWS, input_size)
        inputs = comparison.target(most, input_size)
        target = comparison.rows(run, inputs)
        least = min(NOISE, max(NOISE_INSIDE * most // ROWS_INSIDE, LEAST_NOISE))
        noise = comparison.rows(run, comparison.noise(inputs[:least]))

    def measure(name: str) -> Likeness:
        return calibrated_similarity(
            target,
            reference,
            noise,
            measures[name],
            seed=derive(comparison.seed, name),
            resamples=comparison.resamples,
        )

    return comparison.measured(measures, measure)


def _over_layers(
    comparison: Comparison, inside: _LayerInputs, measures: Mapping[str, LayerSimilarity]
) -> dict[str, Likeness]:
    """Measure on the statistics of the layers' inputs."""
    layers, source = inside.layers, inside.source

    def measure(name: str) -> Likeness:
        return layer_similarity(
            split_moments(inside.target, layers),
            layers,
            split_moments(inside.noise, layers),
            measures[name],
            own=None if source is None else split_moments(source, layers),
            seed=derive(comparison.seed, name),
            resamples=comparison.resamples,
        )

    return comparison.measured(measures, measure)


def _reference(comparison: Comparison) -> Reference | None:
    """Return the reference: source images, the kept one, or BatchNorm."""
    if comparison.source is not None:
        rows = comparison.rows(partial(pooled, comparison.model), comparison.source)
        return build_reference(rows, input_size=comparison.backbone.input_size)
    folder = comparison.backbone.weights.folder
    kept = load_reference(folder) if folder else None
    return kept or batchnorm_reference(comparison.model)


def _note(backbone: Backbone, reference: Reference | None, *, expected: bool) -> str:
    against = {
        "shipped": "against the features of {n:,} source images kept beside the weights",
        "source images": "against the features of {n:,} source images",
        "token frequencies": "by tokens alone, against their expected frequencies, as there are no texts of "
        "the source",
        "batchnorm": "against the running statistics of its BatchNorm layers, as there are no source images",
    }
    origin, n = (reference.origin, reference.n) if reference else ("batchnorm", 0)
    if expected:
        origin = "token frequencies"
    return f"The similarity to the source of {backbone.name} was measured {against[origin].format(n=n)}."
