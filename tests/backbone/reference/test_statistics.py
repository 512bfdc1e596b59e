import numpy as np
import pytest
import timm
import torch

from autotl.backbone import (
    batchnorm_inputs,
    batchnorm_reference,
    build_reference,
    create,
    load_reference,
    pooled,
    save_reference,
)
from autotl.errors import WeightsError


def test_the_reference_shipped_with_a_backbone_is_read(small, small_folder):
    found = load_reference(small_folder)
    assert (found.origin, found.n, found.input_size) == ("shipped", 64, 64)
    assert found.mean.shape == (20,)
    assert found.cov.shape == (20, 20)
    assert found.mean.dtype == np.float64


def test_a_saved_reference_is_read_back(tmp_path):
    made = build_reference(np.random.default_rng(0).standard_normal((50, 6)), input_size=96)
    save_reference(tmp_path, made)
    found = load_reference(tmp_path)
    assert (found.n, found.input_size) == (50, 96)
    np.testing.assert_allclose(found.cov, made.cov, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found.sample, made.sample, atol=2e-3)


def test_a_folder_without_one_has_none_and_a_damaged_one_is_named(tmp_path):
    assert load_reference(tmp_path) is None
    (tmp_path / "reference.safetensors").write_bytes(b"\x00" * 40)
    with pytest.raises(WeightsError, match="damaged"):
        load_reference(tmp_path)


def test_source_images_make_a_reference_of_their_mean_covariance_and_some_rows():
    rows = np.random.default_rng(0).standard_normal((1000, 4))
    made = build_reference(rows, input_size=64)
    np.testing.assert_allclose(made.cov, np.cov(rows.T))
    assert made.sample.shape == (800, 4)
    assert (made.n, made.origin) == (1000, "source images")


@torch.no_grad()
def test_batchnorm_statistics_are_those_of_its_training_images():
    torch.manual_seed(0)
    model = timm.create_model("test_resnet")
    model.bn1.momentum = None
    last = [m for m in model.modules() if isinstance(m, torch.nn.BatchNorm2d)][-1]
    last.reset_running_stats()
    last.momentum = None  # the plain mean over batches
    x = torch.randn(64, 3, 64, 64)
    with torch.no_grad():
        model.eval()
        last.train()
        for batch in x.split(16):
            pooled(model, batch)
    model.eval()
    reference = batchnorm_reference(model)
    assert reference.origin == "batchnorm"
    assert reference.cov.ndim == 1
    assert reference.sample.shape == (512, last.num_features)
    rows = batchnorm_inputs(model)(x.repeat(8, 1, 1, 1)).double().numpy()
    assert rows.shape == (512, last.num_features)
    spread = np.sqrt(reference.cov)
    assert np.abs((rows.mean(0) - reference.mean) / spread).mean() < 0.2
    assert np.abs(rows.std(0) / spread - 1).mean() < 0.2


def test_rows_of_batchnorm_are_the_same_for_the_same_seed_and_leave_no_hook(small):
    model = create(small)
    x = torch.randn(8, 3, 64, 64)
    first, again, other = (batchnorm_inputs(model, seed=s)(x) for s in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert not any(module._forward_pre_hooks for module in model.modules())


def test_a_model_without_batchnorm_has_no_reference():
    model = timm.create_model("test_vit")
    assert batchnorm_reference(model) is None
    with pytest.raises(ValueError, match="must have a BatchNorm"):
        batchnorm_inputs(model)(torch.zeros(1, 3, 160, 160))
