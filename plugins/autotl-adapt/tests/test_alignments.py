import math
import sys
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from autotl_adapt.features import coral, optimal_transport, reweighting, subspace_alignment
from autotl_adapt.features.domains import Domains, standardised
from autotl_adapt.features.linear_head import Aligned, folded_head
from autotl_adapt.features.skada_calls import NO_LABEL, both, skada
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from autotl.errors import TrainingError

pytest.importorskip("skada", reason="the package skada is not installed")

C = 0.1


@dataclass(frozen=True)
class Planted:
    """Raw features of both domains, with the classes of both."""

    source: Tensor
    labels: Tensor
    target: Tensor
    truth: Tensor

    @property
    def domains(self) -> Domains:
        """The standardised features, as strategies see them."""
        classes = int(self.labels.max()) + 1
        return standardised(self.source, self.target, self.labels, classes=classes)

    def accuracy(self, aligned: Aligned) -> float:
        """Return the accuracy of a folded head on the raw features of the target."""
        weight, bias = folded_head(self.domains, aligned, c=C)
        return float(((self.target @ weight.T + bias).argmax(1) == self.truth).float().mean())

    def probe_accuracy(self) -> float:
        """Return the accuracy of the linear probe on the target."""
        domains = self.domains
        return self.accuracy(Aligned(domains.source, torch.zeros_like(domains.mean)))


def clusters(
    seed: int, *, angle: float = 0.0, offset: tuple[float, ...] = (0, 0, 0), rows: int = 240
) -> tuple[Tensor, Tensor]:
    """Return features of three classes, which differ in three directions of 24.

    The directions are turned by an angle in radians into three others, and the clusters move along them.
    """
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(rows) % 3
    means = torch.tensor([[3.0, 0, 0], [-3, 2, 0], [0, -2, 1.5]])
    inner = means[labels] + torch.randn(rows, 3, generator=generator) * torch.tensor([1.5, 1, 0.7])
    drawn = torch.randn(24, 6, generator=torch.Generator().manual_seed(9))
    directions = torch.linalg.qr(drawn)[0].T
    turned = math.cos(angle) * directions[:3] + math.sin(angle) * directions[3:]
    noise = 0.3 * torch.randn(rows, 24, generator=generator)
    return (inner + torch.tensor(offset)) @ turned + noise, labels


def generator():
    return torch.Generator().manual_seed(0)


def aligned_by(name, domains):
    if name == "coral":
        return coral.align(domains, shrinkage="auto")
    if name == "subspace_alignment":
        return subspace_alignment.align(domains, components=3)
    if name == "optimal_transport":
        return optimal_transport.align(domains, entropy=0.05, class_weight=0.1, generator=generator())
    return reweighting.align(domains, ratio=name, power=1.0, generator=generator())


@pytest.fixture(scope="module")
def moved():
    """Clusters that are turned and shifted at the place of use."""
    return Planted(*clusters(0), *clusters(1, angle=0.4, offset=(2, -2, 1)))


@pytest.fixture(scope="module")
def covariate():
    """The classes are divided by |x|, and the place of use has the side that is rare in training."""
    random = torch.Generator().manual_seed(0)

    def rows(count, positive):
        x = torch.randn(count, 2, generator=random).abs() * torch.tensor([1.0, 1.5])
        x[:, 0] *= torch.where(torch.rand(count, generator=random) < positive, 1.0, -1.0)
        return x, (x[:, 1] > x[:, 0].abs()).long()

    return Planted(*rows(600, 0.1), *rows(300, 1.0))


@pytest.mark.parametrize("name", ["coral", "subspace_alignment", "optimal_transport"])
def test_alignment_is_better_than_the_probe_after_a_known_shift(name, moved):
    assert moved.accuracy(aligned_by(name, moved.domains)) >= moved.probe_accuracy() + 0.1


@pytest.mark.parametrize("ratio", ["classifier", "kernel", "neighbours"])
def test_weights_are_better_than_the_probe_after_a_covariate_shift(ratio, covariate):
    assert covariate.accuracy(aligned_by(ratio, covariate.domains)) >= covariate.probe_accuracy() + 0.05


@pytest.mark.parametrize("ratio", ["classifier", "kernel", "neighbours"])
def test_images_like_those_of_the_place_of_use_weigh_more(ratio, covariate):
    weights = aligned_by(ratio, covariate.domains).weights
    like = covariate.source[:, 0] > 0
    assert weights.mean() == pytest.approx(1)
    assert weights[like].mean() > 2 * weights[~like].mean()


@pytest.mark.parametrize("name", ["coral", "subspace_alignment", "optimal_transport", "classifier"])
def test_equal_domains_give_the_probe(name):
    same = Planted(*clusters(0), *clusters(1))
    assert same.accuracy(aligned_by(name, same.domains)) >= same.probe_accuracy() - 0.03


@pytest.mark.parametrize("name", ["coral", "subspace_alignment", "optimal_transport", "neighbours"])
def test_the_folded_head_is_the_explicit_pipeline(name, moved):
    domains, aligned = moved.domains, aligned_by(name, moved.domains)
    weight, bias = folded_head(domains, aligned, c=C)
    plain = replace(domains, source=aligned.source, mean=_zeros(aligned), scale=_zeros(aligned) + 1)
    inner, own = folded_head(plain, replace(aligned, offset=_zeros(aligned), matrix=None), c=C)
    seen = domains.target - aligned.offset
    seen = seen if aligned.matrix is None else seen @ aligned.matrix
    expected = seen @ inner.double().T + own.double()
    torch.testing.assert_close((moved.target @ weight.T + bias).double(), expected, rtol=1e-4, atol=1e-4)


def _zeros(aligned):
    return torch.zeros(aligned.source.shape[1], dtype=torch.float64)


@pytest.mark.filterwarnings("ignore:The number of unique classes", "ignore:Sinkhorn did not converge")
@pytest.mark.parametrize("name", ["coral", "subspace_alignment", "optimal_transport", "neighbours"])
def test_predictions_are_those_of_skada(name, moved):
    """skada's pipelines fit scikit-learn's classifier to the same rows."""
    domains = moved.domains
    weight, bias = folded_head(domains, aligned_by(name, domains), c=C)
    found = (moved.target @ weight.T + bias).softmax(1).numpy()
    rows, labels, domain = both(domains)
    target = domain < 0
    with skada() as library:
        model, scale = _pipeline(library, name, domains)
        model.fit(rows / scale, labels, sample_domain=domain)
        expected = model.predict_proba(rows[target] / scale, sample_domain=domain[target])
    assert np.abs(found - expected).max() < 0.05
    assert (found.argmax(1) == expected.argmax(1)).mean() > 0.98


def _pipeline(library, name, domains):
    """Return skada's estimator, and what its rows are divided by."""
    if name == "coral":
        return library.CORAL(LogisticRegression(C=C, max_iter=1000)), 1.0
    if name == "subspace_alignment":
        return library.SubspaceAlignment(LogisticRegression(C=C), n_components=3, random_state=0), 1.0
    if name == "neighbours":  # the weights have the mean 1 here, and a larger one there
        mean = 1 + len(domains.target) / len(domains.source)
        classifier = LogisticRegression(C=C / mean).set_fit_request(sample_weight=True)
        return library.NearestNeighborReweight(classifier, laplace_smoothing=True), 1.0
    spread = optimal_transport.mean_distance(domains.source, domains.target)
    transport = library.ClassRegularizerOTMapping(
        LogisticRegression(C=C * spread**2, max_iter=1000),
        reg_e=0.05,
        reg_cl=0.1,
        max_iter=optimal_transport.ROUNDS,
        max_inner_iter=optimal_transport.STEPS,
        tol=optimal_transport.TOLERANCE,
    )
    return transport, spread


def test_rows_that_are_not_coupled_move_with_their_nearest(moved, monkeypatch):
    whole = aligned_by("optimal_transport", moved.domains)
    monkeypatch.setattr(optimal_transport, "MAX_ROWS", 120)
    part = aligned_by("optimal_transport", moved.domains)
    assert len(part.source) == len(whole.source)
    assert "120 others moved with their nearest" in part.note
    assert moved.accuracy(part) >= moved.probe_accuracy() + 0.1


def test_more_classes_mean_fewer_coupled_rows():
    assert optimal_transport.most_rows(2) == optimal_transport.MAX_ROWS
    assert optimal_transport.most_rows(100) == math.isqrt(optimal_transport.MAX_CELLS // 100)


def test_weights_by_the_kernel_are_continued_to_other_rows(covariate, monkeypatch):
    monkeypatch.setattr(reweighting, "MAX_ROWS", 150)
    weights = aligned_by("kernel", covariate.domains).weights
    like = covariate.source[:, 0] > 0
    assert len(weights) == len(covariate.source)
    assert weights[like].mean() > 1.5 * weights[~like].mean()


def test_a_constant_feature_changes_nothing(moved):
    shifted = moved.target.new_full((len(moved.target), 1), 7.0)
    wider = Planted(
        torch.cat([moved.source, torch.zeros(len(moved.source), 1)], 1),
        moved.labels,
        torch.cat([moved.target, shifted], 1),
        moved.truth,
    )
    weight, _ = folded_head(wider.domains, aligned_by("coral", wider.domains), c=C)
    assert torch.equal(weight[:, -1], torch.zeros(3))


def test_features_that_are_not_finite_are_refused(moved):
    domains = moved.domains
    broken = Aligned(domains.source * torch.nan, torch.zeros_like(domains.mean))
    with pytest.raises(TrainingError, match="must be finite"):
        folded_head(domains, broken, c=C)


def test_weights_that_vanish_are_refused(moved, monkeypatch):
    monkeypatch.setattr(reweighting, "classifier_ratio", lambda domains: torch.zeros(len(domains.source)))
    with pytest.raises(TrainingError, match="no weight above 0"):
        aligned_by("classifier", moved.domains)


def test_row_weights_of_the_user_count(moved):
    domains = moved.domains
    weights = (domains.labels == 0).float() * 2 + 0.01
    weighted = replace(domains, weights=weights / weights.mean())
    aligned = aligned_by("coral", domains)
    plain, other = (folded_head(each, aligned, c=C)[1] for each in (domains, weighted))
    assert other[0] - other.mean() > plain[0] - plain.mean()


def test_labels_of_the_target_are_masked(moved):
    rows, labels, domain = both(moved.domains)
    assert len(rows) == len(labels) == len(domain)
    assert set(labels[domain < 0]) == {NO_LABEL}


def test_scikit_learn_keeps_its_settings():
    import sklearn

    before = sklearn.get_config()
    with skada():
        assert sklearn.get_config()["enable_metadata_routing"]
    assert sklearn.get_config() == before


def test_a_missing_skada_is_an_error_that_tells_what_to_install(moved, monkeypatch):
    monkeypatch.setitem(sys.modules, "skada", None)
    with pytest.raises(TrainingError, match="pip install skada"):
        aligned_by("coral", moved.domains)


def test_the_scale_is_that_of_the_training_images():
    source, labels = clusters(0)
    domains = standardised(source, source + 5, labels, classes=3)
    torch.testing.assert_close(domains.source.std(0), torch.ones(24, dtype=torch.float64))
    torch.testing.assert_close(domains.target.mean(0), 5 * domains.scale)
