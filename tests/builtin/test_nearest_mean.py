"""The nearest class mean is a linear head, by each distance."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import normalize

from autotl.builtin.strategies.probes.nearest_mean import (
    DISTANCES,
    Distance,
    NearestMean,
    alternating,
    best_scale,
    nearest_mean,
)
from autotl.pipeline.prepare import Prepared
from autotl.testing import StrategyChecks, tiny_bench
from autotl.testing.strategies.settings_checks import MACHINE
from autotl.training import predict_outputs


class TestNearestMean(StrategyChecks):
    strategy = NearestMean()

    @pytest.mark.parametrize("distance", DISTANCES)
    def test_every_distance_learns_and_is_delivered_as_it_was_scored(
        self, ready: Prepared, distance: Distance
    ) -> None:
        bench = tiny_bench(ready)
        params = {"distance": distance, "shrinkage": 0.1, "image_size": 32}
        *_, score = self.strategy.build(params, bench).fit()
        assert score.value > 0.5  # type: ignore[union-attr]
        whole = predict_outputs(bench.result.model, bench.inputs(input_size=32).val, bench)
        assert torch.allclose(whole, score.outputs, atol=1e-4)  # type: ignore[union-attr]

    def test_its_confidence_is_near_its_accuracy(self, ready: Prepared) -> None:
        bench = tiny_bench(ready)
        *_, score = self.strategy.build(self.strategy.defaults(ready.task, bench.backbone), bench).fit()
        confidence = score.outputs.softmax(1).max(1).values.mean()  # type: ignore[union-attr]
        assert confidence < score.value + 0.2  # type: ignore[union-attr]

    def test_a_covariance_of_wide_features_costs_more_than_the_means(self, ready: Prepared) -> None:
        def seconds(distance: Distance, width: int) -> float:
            backbone = replace(ready.backbones["tiny"], features=width)
            params = {"distance": distance, "shrinkage": 0.1, "image_size": backbone.input_size}
            return self.strategy.cost(params, ready.task, backbone, MACHINE).seconds

        extra = [seconds("whitened", width) - seconds("euclidean", width) for width in (1000, 2000)]
        assert seconds("cosine", 2000) == seconds("euclidean", 2000)
        assert extra[0] > 0.02
        assert 4 < extra[1] / extra[0] < 8

    def test_one_image_of_a_class_is_enough(self, ready: Prepared) -> None:
        bench = tiny_bench(ready)
        x, labels = bench.features(input_size=32), bench.targets()
        rows = [int((labels.train == k).nonzero()[0]) for k in range(3)]
        for distance in DISTANCES:
            head = nearest_mean(x.train[rows], labels.train[rows], torch.ones(3), 3, distance=distance)
            answers = (x.val @ head[0].T + head[1]).argmax(1)
            assert (answers == labels.val).float().mean() > 1 / 3
        assert best_scale(torch.empty(0, 3), torch.empty(0, dtype=torch.long), torch.empty(0)) == 1.0


@pytest.fixture
def clouds() -> tuple[torch.Tensor, torch.Tensor]:
    """Features (60, 5) of four classes, and their labels."""
    draw = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 4
    centres = 2 * torch.randn(4, 5, generator=draw)
    mixing = torch.randn(5, 5, generator=draw)
    return centres[labels] + torch.randn(60, 5, generator=draw) @ mixing + 3, labels


def distances(
    x: torch.Tensor, labels: torch.Tensor, queries: torch.Tensor, distance: Distance, shrinkage: float
) -> torch.Tensor:
    """The distances (queries, classes) by their definitions, in float64."""
    x, queries = x.double(), queries.double()
    centre, spread = x.mean(0), x.std(0, correction=0)
    if distance == "cosine":
        train, asked = normalize(x - centre), normalize(queries - centre)
        means = torch.stack([train[labels == k].mean(0) for k in range(4)])
        return -asked @ normalize(means).T
    train, asked = (x - centre) / spread, (queries - centre) / spread
    means = torch.stack([train[labels == k].mean(0) for k in range(4)])
    metric = torch.eye(5, dtype=torch.float64)
    if distance == "whitened":
        within = train - means[labels]
        metric = torch.linalg.inv((1 - shrinkage) * within.T @ within / len(x) + shrinkage * metric)
    differences = asked[:, None] - means
    return torch.einsum("rcf,fg,rcg->rc", differences, metric, differences)


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("shrinkage", [1.0, 0.1])
def test_the_largest_output_is_that_of_the_nearest_mean(
    clouds: tuple[torch.Tensor, torch.Tensor], distance: Distance, shrinkage: float
) -> None:
    x, labels = clouds
    queries = 4 * torch.randn(500, 5, generator=torch.Generator().manual_seed(1)) + 3
    weight, bias = nearest_mean(x, labels, torch.ones(60), 4, distance=distance, shrinkage=shrinkage)
    expected = distances(x, labels, queries, distance, shrinkage).argmin(1)
    assert len(expected.unique()) == 4
    assert torch.equal((queries @ weight.T + bias).argmax(1), expected)


@pytest.mark.parametrize("distance", DISTANCES)
def test_a_row_of_weight_two_counts_as_two_rows(
    clouds: tuple[torch.Tensor, torch.Tensor], distance: Distance
) -> None:
    x, labels = clouds
    rows = 1 + (torch.arange(60) % 3 == 0).float()
    weighted = nearest_mean(x, labels, rows, 4, distance=distance)
    twice = torch.cat([torch.arange(60), (rows == 2).nonzero()[:, 0]])
    repeated = nearest_mean(x[twice], labels[twice], torch.ones(len(twice)), 4, distance=distance)
    for one, other in zip(weighted, repeated, strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_halves_have_as_many_images_of_each_class() -> None:
    labels = torch.tensor([2, 0, 2, 2, 1, 0, 2])
    assert alternating(labels).tolist() == [0, 0, 1, 0, 0, 1, 1]
