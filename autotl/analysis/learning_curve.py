"""Measure the accuracy of a linear probe on fewer training images."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from autotl.api import LinearProblem
from autotl.clock import NEVER
from autotl.data import stratified_parts
from autotl.seeds import derive
from autotl.training import PROBE
from autotl.workbench.image_cache import CancellationCheck, never_cancelled
from autotl.workbench.run_cache import RunCache

SIZES, SMALLEST, REPEATS = 6, 32, 5
"""Sizes of the training part, from a 32nd of it (at least two images a class), each on so many parts."""


@dataclass(frozen=True, slots=True)
class SizeScores:
    """The probe's accuracy by the number of training images.

    Attributes:
        sizes: The numbers of images, (sizes,).
        scores: The accuracies, (sizes, repeats); each repeat has other validation images. Several labels
            count if all are right. Numbers have the explained share of the variance.
        validated: All validation images together.
    """

    sizes: NDArray[np.int64]
    scores: NDArray[np.float64]
    validated: int


def probe_at_sizes(
    run_cache: RunCache, backbone: str, *, seed: int, pulse: CancellationCheck = never_cancelled
) -> SizeScores | None:
    """Return the linear probe's accuracy at rising numbers of training images.

    Each repeat validates on another fifth of the training rows, and learns from nested, stratified parts of
    the rest. All classifiers are fitted at once.

    Args:
        run_cache: The images and backbones.
        backbone: The name of the backbone.
        seed: The seed of the parts.
        pulse: A function that is called during the work and may raise to end it.

    Returns:
        The accuracies; None if there are too few images.
    """
    targets, target = run_cache.targets.numpy(), run_cache.target
    strata = target.strata(targets)
    parts = _validation_parts(run_cache, seed)
    rests = [np.setdiff1d(np.arange(len(targets)), part) for part in parts]
    most = min(map(len, rests))
    least = max(2 * target.spec.outputs, most // SMALLEST, 8)
    if least * 4 > most:
        return None
    sizes = np.unique(np.geomspace(least, most, SIZES).round().astype(np.int64))
    orders = [stratified(strata, rest, seed=derive(seed, "curve", i)) for i, rest in enumerate(rests)]
    subsets = [torch.from_numpy(order[:n]) for n in sizes for order in orders]
    features = run_cache.features(
        backbone, input_size=run_cache.backbones[backbone].input_size, check_cancelled=pulse
    )
    problem = LinearProblem(features, run_cache.targets, subsets).to(run_cache.device)
    heads = target.fit_linear(problem, [PROBE], check_cancelled=pulse, end=NEVER)
    scores = np.empty((len(sizes), len(parts)))
    weights, biases = heads.weight[:, 0].cpu(), heads.bias[:, 0].cpu()
    for index, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        size, repeat = divmod(index, len(parts))
        own = parts[repeat]
        outputs = (features[own] @ weight.T + bias).numpy()
        scores[size, repeat] = target.correct(outputs, targets[own]).mean()
    return SizeScores(sizes, scores, len(targets))


def stratified(labels: NDArray[np.int64], rows: NDArray[np.int64], *, seed: int) -> NDArray[np.int64]:
    """Return the rows in an order whose prefixes are stratified.

    Every prefix has about the class frequencies of all rows. Two rows of each class come before all others.

    Args:
        labels: The class of each row of the dataset, (n,).
        rows: The rows to order.
        seed: The seed of the order.
    """
    rng = np.random.default_rng(seed)
    place = np.empty(len(rows))
    for label in np.unique(labels[rows]):
        own = np.flatnonzero(labels[rows] == label)
        ranks = rng.permutation(len(own))
        place[own] = (ranks + rng.random()) / len(own)
        place[own[ranks < 2]] -= 1.0
    return rows[np.argsort(place, kind="stable")]


def _validation_parts(run_cache: RunCache, seed: int) -> list[NDArray[np.int64]]:
    """Return the validation part of each repeat, as positions in ``run_cache``."""
    rows = np.sort(run_cache.order)
    parts = stratified_parts(run_cache.dataset, rows, seed=derive(seed, "curve"), parts=REPEATS)
    return [run_cache.positions(part).numpy() for part in parts]
