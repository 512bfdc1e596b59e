"""Learn from fewer images, to see what more of them would bring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from autotl.data import stratified_parts
from autotl.seeds import derive
from autotl.training import PROBE, fit_heads
from autotl.workbench.run_cache import Pulse, RunCache, no_pulse

SIZES, SMALLEST, REPEATS = 6, 32, 5
"""Sizes of the training part, from a 32nd of it (two images a class at least), each on so many parts."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Validation accuracy ``scores`` (sizes, repeats) after learning from ``sizes`` (sizes,) images, each
    repeat on other validation images, ``validated`` in all.
    """

    sizes: NDArray[np.int64]
    scores: NDArray[np.float64]
    validated: int


def probe_at_sizes(materials: RunCache, backbone: str, *, seed: int, pulse: Pulse = no_pulse) -> Sizes | None:
    """The linear probe's accuracy at rising numbers of training images; None where there are too few.

    Each repeat validates on another fifth of the training rows and learns from nested, stratified parts of
    the rest. All classifiers are fitted at once.
    """
    facts, classes = materials.backbones[backbone], len(materials.dataset.classes)
    parts = stratified_parts(
        materials.dataset, np.sort(materials.order), seed=derive(seed, "curve"), parts=REPEATS
    )
    labels = materials.labels.numpy()
    places = [materials.positions(part).numpy() for part in parts]
    every = np.arange(len(labels))
    rests = [np.setdiff1d(every, place) for place in places]
    most = min(map(len, rests))
    least = max(2 * classes, most // SMALLEST, 8)
    if least * 4 > most:
        return None
    wanted = np.unique(np.geomspace(least, most, SIZES).round().astype(np.int64))
    orders = [stratified(labels, rest, seed=derive(seed, "curve", i)) for i, rest in enumerate(rests)]
    subsets = [torch.from_numpy(order[:n]) for n in wanted for order in orders]
    features = materials.features(backbone, side=facts.side, pulse=pulse)
    found = fit_heads(
        features.to(materials.device),
        materials.labels.to(materials.device),
        classes=classes,
        settings=[PROBE],
        folds=[each.to(materials.device) for each in subsets],
        pulse=pulse,
    )
    scores = np.empty((len(wanted), len(places)))
    for index, (weight, bias) in enumerate(
        zip(found.weight[:, 0].cpu(), found.bias[:, 0].cpu(), strict=True)
    ):
        size, repeat = divmod(index, len(places))
        own = places[repeat]
        answers = (features[own] @ weight.T + bias).argmax(1).numpy()
        scores[size, repeat] = (answers == labels[own]).mean()
    return Sizes(wanted, scores, len(labels))


def stratified(labels: NDArray[np.int64], rows: NDArray[np.int64], *, seed: int) -> NDArray[np.int64]:
    """The rows in an order whose every beginning has the classes in about their shares, each at least once
    from the start.
    """
    rng = np.random.default_rng(seed)
    place = np.empty(len(rows))
    for label in np.unique(labels[rows]):
        own = np.flatnonzero(labels[rows] == label)
        ranks = rng.permutation(len(own))
        place[own] = (ranks + rng.random()) / len(own)
        place[own[ranks < 2]] -= 1.0  # two of each class come before all others
    return rows[np.argsort(place, kind="stable")]
