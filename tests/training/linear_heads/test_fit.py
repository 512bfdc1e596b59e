"""Fitting many linear classifiers at once."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from autotl.api import HeadSetting
from autotl.clock import Deadline, FakeClock
from autotl.training import fit_heads
from autotl.training.linear_heads.lbfgs import MIN_STEPS


def clusters(n: int, d: int, classes: int, *, seed: int = 0, apart: float = 1.0) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    y = np.sort(np.arange(n) % classes)
    x = apart * rng.normal(size=(classes, d))[y] + rng.normal(size=(n, d)) * rng.uniform(0.1, 3, d) + 2
    return torch.from_numpy(x).float(), torch.from_numpy(y)


def halves(n: int) -> list[Tensor]:
    return [torch.arange(0, n, 2), torch.arange(1, n, 2)]


def objective(x: Tensor, y: Tensor, weight: Tensor, bias: Tensor, setting: HeadSetting) -> float:
    """The loss per row; ``weight`` is for the (standardised) features."""
    counts = torch.bincount(y)
    rows = (len(y) / (counts.count_nonzero() * counts))[y] if setting.balanced else torch.ones(len(y))
    losses = F.cross_entropy(x @ weight.T + bias, y, reduction="none")
    return float((rows * losses).mean() + weight.square().sum() / (2 * setting.c * len(y)))


def excess(x: Tensor, y: Tensor, weight: Tensor, bias: Tensor, setting: HeadSetting) -> float:
    """How far the mean loss lies above scikit-learn's optimum."""
    x = x.double()
    std = x.std(0).clamp(min=1e-6) if setting.standardise else torch.ones(x.shape[1], dtype=x.dtype)
    mean = x.mean(0)
    z = (x - mean) / std
    how = "balanced" if setting.balanced else None
    best = LogisticRegression(C=setting.c, max_iter=20_000, tol=1e-8, class_weight=how).fit(z, y)
    own = objective(z, y, weight.double() * std, bias.double() + weight.double() @ mean, setting)
    return own - objective(z, y, torch.from_numpy(best.coef_), torch.from_numpy(best.intercept_), setting)


SETTINGS = [
    HeadSetting(c, standardise, balanced)
    for c in (1e-4, 1e-2, 1.0, 100.0)
    for standardise in (True, False)
    for balanced in (False, True)
]


@pytest.mark.parametrize(
    ("n", "d", "apart"), [(200, 12, 0.5), (60, 150, 1.0), (120, 20, 5.0)], ids=["long", "wide", "separable"]
)
def test_every_setting_on_every_fold_reaches_scikit_learns_optimum(n: int, d: int, apart: float) -> None:
    x, y = clusters(n, d, 4, apart=apart)
    keep = (torch.arange(n) % 3 > 0) | (y > 1)  # uneven, so that balancing matters
    x, y = x[keep], y[keep]
    folds = halves(len(x))
    found = fit_heads(x, y, classes=4, settings=SETTINGS, folds=folds)
    for f, rows in enumerate(folds):
        for s, setting in enumerate(SETTINGS):
            assert excess(x[rows], y[rows], found.weight[f, s], found.bias[f, s], setting) < 1e-3


def test_a_class_that_a_fold_lacks_is_not_predicted_there() -> None:
    x, y = clusters(90, 5, 3)
    fold = (y != 1).nonzero().squeeze(1)
    found = fit_heads(x, y, classes=3, settings=[HeadSetting(1.0)], folds=[fold])
    logits = x[fold] @ found.weight[0, 0].T + found.bias[0, 0]
    assert (logits.argmax(1) != 1).all()


def test_features_that_never_change_do_no_harm() -> None:
    x, y = clusters(60, 4, 2)
    x[:, 1] = 7.0
    found = fit_heads(x, y, classes=2, settings=SETTINGS, folds=halves(60))
    assert found.weight.isfinite().all()
    assert found.bias.isfinite().all()


def test_settings_that_mean_the_same_are_fitted_once() -> None:
    x, y = clusters(80, 6, 4)
    steps: list[int] = []
    both = [HeadSetting(0.1), HeadSetting(0.1, balanced=True)]  # the classes are even
    found = fit_heads(
        x, y, classes=4, settings=both, folds=[torch.arange(80)], check_cancelled=lambda: steps.append(1)
    )
    alone: list[int] = []
    fit_heads(
        x, y, classes=4, settings=both[:1], folds=[torch.arange(80)], check_cancelled=lambda: alone.append(1)
    )
    assert torch.equal(found.weight[:, 0], found.weight[:, 1])
    assert len(steps) == len(alone)


def test_it_can_be_ended_between_steps() -> None:
    x, y = clusters(60, 4, 2)

    def enough() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_heads(x, y, classes=2, settings=SETTINGS, folds=halves(60), check_cancelled=enough)


def test_weights_of_rows_count_as_scikit_learn_counts_them() -> None:
    x, y = clusters(160, 10, 3)
    weights = torch.linspace(0.2, 1.8, len(x))
    rows = torch.arange(0, len(x), 2)
    found = fit_heads(
        x, y, classes=int(y.max()) + 1, settings=[HeadSetting(0.1, standardise=False)], folds=[rows],
        weights=weights,
    )  # fmt: skip
    own = weights[rows] / weights[rows].mean()
    theirs = LogisticRegression(C=0.1, tol=1e-8, max_iter=5000)
    theirs.fit(x[rows].numpy(), y[rows].numpy(), sample_weight=own.numpy())
    ours = x @ found.weight[0, 0].T + found.bias[0, 0]
    np.testing.assert_allclose(ours.softmax(1).numpy(), theirs.predict_proba(x.numpy()), atol=0.03)


def test_nothing_is_learned_from_the_rows_a_fold_leaves_out() -> None:
    # classes that lie apart and a large C: the loss is so flat that any good start would do
    generator = torch.Generator().manual_seed(0)
    n, d, classes = 300, 600, 5
    labels = torch.randint(0, classes, (n,), generator=generator)
    means = 0.1 * torch.randn(classes, d, generator=generator)
    features = torch.randn(n, d, generator=generator) + means[labels]
    every = torch.arange(n)
    folds = [every[every % 5 != part] for part in range(5)]
    settings = [HeadSetting(c, standardise=False, balanced=False) for c in (0.01, 1.0, 10.0)]
    found = fit_heads(features, labels, classes=classes, settings=settings, folds=[*folds, every])
    for place, setting in enumerate(settings):
        ours = theirs = 0
        for part, rows in enumerate(folds):
            out = every % 5 == part
            weight, bias = found.weight[part, place], found.bias[part, place]
            ours += int(((features[out] @ weight.T + bias).argmax(1) == labels[out]).sum())
            stock = LogisticRegression(C=setting.c, max_iter=2000)
            stock.fit(features[rows].numpy(), labels[rows].numpy())
            theirs += int((stock.predict(features[out].numpy()) == labels[out].numpy()).sum())
        assert abs(ours - theirs) <= 0.03 * n


def test_heads_stop_where_they_are_when_the_time_is_up() -> None:
    x, y = clusters(400, 40, 4, apart=0.3)
    clock, steps = FakeClock(), [0]

    def slow() -> None:
        steps[0] += 1
        clock.advance(1.0)

    folds, settings = halves(400), [HeadSetting(1e4)]
    found = fit_heads(
        x, y, classes=4, settings=settings, folds=folds, check_cancelled=slow, end=Deadline(clock, at=1.0)
    )
    assert steps[0] == len(folds) * (MIN_STEPS + 1)
    assert not found.converged
    for fold, weight, bias in zip(folds, found.weight[:, 0], found.bias[:, 0], strict=True):
        right = ((x[fold] @ weight.T + bias).argmax(1) == y[fold]).float().mean()
        assert right > 0.4  # of four classes that overlap


def test_each_head_has_an_even_share_of_the_time() -> None:
    x, y = clusters(400, 40, 4, apart=0.3)
    clock = FakeClock()
    seen: list[float] = []

    def slow() -> None:
        seen.append(clock.now())
        clock.advance(1.0)

    settings = [HeadSetting(1e4)]  # takes 174 steps
    fit_heads(
        x,
        y,
        classes=4,
        settings=settings,
        folds=halves(400),
        check_cancelled=slow,
        end=Deadline(clock, at=60.0),
    )
    assert 59 <= len(seen) <= 62


def test_heads_that_are_done_in_time_have_converged() -> None:
    x, y = clusters(400, 40, 4, apart=0.3)
    settings, clock = [HeadSetting(0.01)], FakeClock()
    assert fit_heads(
        x, y, classes=4, settings=settings, folds=halves(400), end=Deadline(clock, at=1e6)
    ).converged
