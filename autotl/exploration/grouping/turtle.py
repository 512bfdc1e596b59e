"""Find labels of maximal margin over several feature spaces.

Reference: Gadetsky, Jiang and Brbić, Let Go of Your Labels with Unsupervised Transfer, ICML 2024
(arXiv 2406.07236).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize, softmax

from autotl.exploration.grouping.clustering import Ids
from autotl.exploration.grouping.reduction import BLOCK, Matrix, sample_rows
from autotl.progress import report_progress
from autotl.seeds import derive

STEPS = 300
INNER_STEPS = 5
"""Steps of the classifiers for each step of the labelling."""
OUTER_RATE, INNER_RATE = 0.02, 0.05
ENTROPY = 10.0
"""The weight of the entropy of the cluster sizes, as in the paper: it keeps clusters from being empty."""
MAX_ROWS = 10_000
"""Rows of a batch; fewer rows are one batch."""
SCORED_ROWS = 3000
"""Rows on which labellings are compared."""
FOLDS = 5


class _Labelling(nn.Module):
    """A linear labelling of each space with normalised weights; the labels are their mean."""

    def __init__(self, dimensions: Sequence[int], k: int, generator: torch.Generator) -> None:
        super().__init__()
        self.directions = nn.ParameterList(
            nn.Parameter(torch.randn(k, d, generator=generator)) for d in dimensions
        )
        self.lengths = nn.ParameterList(nn.Parameter(torch.ones(k, 1)) for _ in dimensions)
        self.biases = nn.ParameterList(nn.Parameter(torch.zeros(k)) for _ in dimensions)

    def forward(self, spaces: Sequence[Tensor]) -> list[Tensor]:
        """Return the label probabilities (n, k) by each space."""
        parts = zip(spaces, self.directions, self.lengths, self.biases, strict=True)
        return [softmax(x @ (length * normalize(w)).T + bias, dim=1) for x, w, length, bias in parts]


@dataclass(frozen=True, slots=True)
class Generalisation:
    """How well linear classifiers learn a labelling, in each space, cross-validated.

    ``mean`` is Cohen's kappa over spaces and folds, 0 by chance. ``error`` is its standard error over folds.
    """

    mean: float
    error: float


def turtle_labels(spaces: Sequence[Matrix], k: int, *, seed: int) -> Ids:
    """Return labels of maximal margin in all spaces, int64 (n,).

    The labelling and the classifiers are optimised in turn. The classifiers learn the current labels; the
    labelling then moves towards labels that the classifiers predict.

    Args:
        spaces: Rows of the same images in each space, (n, d).
        k: The number of labels.
        seed: The seed of the start and of the batches.
    """
    tensors = [_standardised(space) for space in spaces]
    generator = torch.Generator().manual_seed(derive(seed, "turtle"))
    labelling = _Labelling([each.shape[1] for each in tensors], k, generator)
    heads = [_head(each.shape[1], k, generator) for each in tensors]
    outer = torch.optim.Adam(labelling.parameters(), lr=OUTER_RATE)
    inner = torch.optim.Adam([value for head in heads for value in head.parameters()], lr=INNER_RATE)
    n = len(tensors[0])
    for step in range(STEPS):
        report_progress("searching labels of maximal margin", step, STEPS)
        rows = torch.randperm(n, generator=generator)[:MAX_ROWS]
        batch = [each[rows] for each in tensors]
        _train_heads(heads, batch, labelling, inner)
        by_space = labelling(batch)
        labels = torch.stack(by_space).mean(dim=0)
        margin = sum(
            (cross_entropy(head(x).detach(), labels) for head, x in zip(heads, batch, strict=True)),
            torch.zeros(()),
        )
        entropy = sum((torch.special.entr(each.mean(0)).sum() for each in by_space), torch.zeros(()))
        outer.zero_grad()
        torch.autograd.backward(margin - ENTROPY * entropy)
        outer.step()
    with torch.no_grad():
        parts = [
            torch.stack(labelling([each[start : start + BLOCK] for each in tensors])).mean(dim=0).argmax(1)
            for start in range(0, n, BLOCK)
        ]
    return np.asarray(torch.cat(parts).numpy(), dtype=np.int64)


def generalisation(spaces: Sequence[Matrix], ids: Ids, *, seed: int) -> Generalisation:
    """Measure how well a linear classifier learns a labelling in each space.

    It is the paper's score for a labelling, here with Cohen's kappa, so that one large cluster gains nothing.

    Args:
        spaces: Rows of the same images in each space, (n, d).
        ids: The labels, (n,).
        seed: The seed of the sample and of the folds.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import cohen_kappa_score

    chosen = sample_rows(len(ids), SCORED_ROWS, seed=derive(seed, "generalisation"))
    labels = ids[chosen]
    fold_of = np.random.default_rng(derive(seed, "folds")).permutation(len(chosen)) % FOLDS
    scores = np.zeros((len(spaces), FOLDS))
    for number, space in enumerate(spaces):
        rows = _standardised(space[chosen]).numpy()
        for fold in range(FOLDS):
            learn, held_out = fold_of != fold, fold_of == fold
            if len(np.unique(labels[learn])) < 2 or len(np.unique(labels[held_out])) < 2:
                continue  # a labelling of one cluster scores 0
            head = LogisticRegression(max_iter=1000).fit(rows[learn], labels[learn])
            scores[number, fold] = cohen_kappa_score(labels[held_out], head.predict(rows[held_out]))
    by_fold = scores.mean(axis=0)
    return Generalisation(float(by_fold.mean()), float(by_fold.std(ddof=1)) / FOLDS**0.5)


def _train_heads(
    heads: Sequence[nn.Linear], batch: Sequence[Tensor], labelling: _Labelling, inner: torch.optim.Optimizer
) -> None:
    """Train the classifiers on the current labels."""
    with torch.no_grad():
        labels = torch.stack(labelling(batch)).mean(dim=0)
    for _ in range(INNER_STEPS):
        inner.zero_grad()
        losses = [cross_entropy(head(x), labels) for head, x in zip(heads, batch, strict=True)]
        torch.autograd.backward(torch.stack(losses).sum())
        inner.step()


def _standardised(space: Matrix) -> Tensor:
    """Return rows with a mean variance of 1 per dimension, which the learning rates are made for."""
    centred = space - space.mean(axis=0)
    return torch.from_numpy(np.ascontiguousarray(centred / max(float(centred.std()), 1e-6)))


def _head(dimensions: int, k: int, generator: torch.Generator) -> nn.Linear:
    head = nn.Linear(dimensions, k, device="meta").to_empty(device="cpu")  # draws no global random numbers
    with torch.no_grad():
        head.weight.copy_(torch.randn(k, dimensions, generator=generator) / dimensions**0.5)
        head.bias.zero_()
    return head
