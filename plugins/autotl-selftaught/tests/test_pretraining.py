import subprocess
import sys

import pytest
import torch
from autotl_selftaught.losses import PROJECTED, Student, TwoViews, distillation_task, new_projector
from autotl_selftaught.pretraining import Pretraining, augmentation_of, rate_factor
from autotl_selftaught.strategy import LOSSES, SelfSupervised
from autotl_selftaught.weights import pack, trained_tensors, unpack

from autotl.errors import TrainingError
from autotl.testing import tiny_bench, tiny_run
from autotl.toolbox import pooled

pytest.importorskip("lightly", reason="the package lightly is not installed")


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return tiny_bench(tiny_run(tmp_path_factory.mktemp("cache"), additional=["unlabelled"]))


def pretraining(bench, **changed):
    """Return a network and its training."""
    small = {"steps": 20, "batch_size": 16, "image_size": 32, "stages": 1, "distill": 0.0, "lr": 1e-3}
    params = {**SelfSupervised().defaults(bench.task, bench.backbone), **small, **changed}
    model = bench.model()
    through = len(bench.backbone.stages) - params["stages"]
    train_mode = bench.freeze(model, through, norm=params["norm"])
    return model, Pretraining(model, bench, params, train_mode)


def finished(bench, **changed):
    model, training = pretraining(bench, **changed)
    while training.done < (changed.get("steps", 20)):
        training.step()
    return model, training


def projections(seed=0):
    return torch.randn(12, PROJECTED, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("loss", LOSSES)
def test_the_loss_of_the_same_views_falls(bench, loss, monkeypatch):
    _, training = pretraining(bench, loss=loss)
    views = training.draw_views()
    monkeypatch.setattr(training, "draw_views", lambda: views)
    while training.done < 20:
        training.step()
    assert len(training.losses) == 20
    assert sum(training.losses[-3:]) < 0.9 * sum(training.losses[:3])


def test_each_step_draws_two_views_of_other_images(bench):
    _, training = pretraining(bench)
    first, again = training.draw_views(), training.draw_views()
    training.step()
    second = training.draw_views()
    assert first.shape == (2 * 16, 3, 32, 32)
    assert torch.equal(first, again)
    assert not torch.equal(first, second)
    assert not torch.equal(first[:16], first[16:])


def test_distillation_keeps_the_features_near_the_pretrained_ones(bench):
    images = bench.to_batch(bench.additional("unlabelled").inputs(input_size=32)[:40])

    def moved(**changed):
        model, _ = finished(bench, **changed)
        with torch.no_grad():
            return (pooled(model.eval(), images) - pooled(bench.model().eval(), images)).pow(2).mean()

    assert 0 < moved(distill=3.0, steps=10) < 0.5 * moved(distill=0.0, steps=10)


def test_batch_statistics_change_only_if_they_are_asked_for(bench):
    def statistics(norm):
        model, _ = finished(bench, norm=norm, steps=2)
        return {name: value for name, value in model.state_dict().items() if "running_" in name}

    source, frozen, batch = bench.model().state_dict(), statistics("frozen"), statistics("batch")
    assert all(torch.equal(source[name], value) for name, value in frozen.items())
    assert any(not torch.equal(source[name], value) for name, value in batch.items())


def test_a_training_continues_exactly_from_its_tensors(bench):
    (one, whole), (_, first), (other, second) = (pretraining(bench, steps=4, distill=1.0) for _ in range(3))
    for _ in range(2):
        first.step()
    second.load(first.tensors())
    torch.manual_seed(7)
    while second.done < 4:
        second.step()
    while whole.done < 4:
        whole.step()
    assert whole.losses[2:] == second.losses
    assert all(torch.equal(value, other.state_dict()[name]) for name, value in one.state_dict().items())


def test_tensors_of_another_training_are_refused(bench):
    _, one = pretraining(bench, stages=1)
    _, other = pretraining(bench, stages=2)
    with pytest.raises(ValueError, match="another network or training"):
        other.load(one.tensors())


def test_a_loss_that_is_not_finite_is_an_error(bench):
    model, training = pretraining(bench)
    with torch.no_grad():
        next(iter(trained_tensors(model, 0).values())).fill_(torch.nan)
    with pytest.raises(TrainingError, match="lr must be low enough"):
        training.step()


def test_the_rate_rises_and_then_falls_to_almost_nothing():
    factors = [rate_factor(step, 100) for step in range(100)]
    assert factors.index(max(factors)) in (9, 10)
    assert factors[0] == pytest.approx(0.1)
    assert factors[-1] < 0.01
    assert rate_factor(0, 1) == 1.0


def test_crops_are_not_mirrored():
    assert not augmentation_of("crop").mirror
    assert augmentation_of("crop").min_area == augmentation_of("strong").min_area
    assert augmentation_of("strong").mirror


def test_packed_tensors_come_back(bench):
    model = bench.model()
    own = trained_tensors(model, 2)
    before = {name: value.clone() for name, value in own.items()}
    packed = pack(own)
    unpack(torch.zeros_like(packed), own)
    assert not any(value.any() for value in own.values())
    unpack(packed, own)
    assert all(torch.equal(before[name], value) for name, value in own.items())
    assert all(value.data_ptr() == model.state_dict()[name].data_ptr() for name, value in own.items())
    with pytest.raises(ValueError, match="another network"):
        unpack(packed[1:], own)


@pytest.mark.parametrize("loss", LOSSES)
def test_equal_views_have_a_lower_loss_than_others(loss):
    criterion, views = TwoViews(loss), projections()
    equal = torch.cat([views[:6], views[:6]])
    assert criterion(equal) < criterion(views)


def test_the_projector_depends_on_its_seed_alone():
    def weights(seed, global_seed):
        torch.manual_seed(global_seed)
        return torch.cat([value.flatten() for value in new_projector(8, seed).parameters()])

    assert torch.equal(weights(0, 1), weights(0, 2))
    assert not torch.equal(weights(0, 1), weights(1, 1))


def test_the_task_adds_the_distance_to_the_teacher(bench):
    images = bench.to_batch(bench.additional("unlabelled").inputs(input_size=32)[:8])
    model, config, features = bench.model().eval(), bench.backbone.config, bench.backbone.features
    student = Student(model, config, new_projector(features, 0).eval())
    task = distillation_task(
        student,
        Student(bench.model(), config),
        TwoViews("vicreg"),
        features=features,
        weight=2.0,
        device="cpu",
    )
    same = task(images, None)
    assert same["kd_loss"] < 1e-10
    with torch.no_grad():
        next(iter(trained_tensors(model, 3).values())).mul_(1.5)
    found = task(images, None)
    torch.testing.assert_close(found["loss"], found["task_loss"] + 2.0 * found["kd_loss"])
    assert found["kd_loss"] > 1e-6


def test_the_losses_need_neither_lightning_nor_hydra():
    code = (
        "import sys, lightly.loss, lightly.models.modules.heads\n"
        "print({'pytorch_lightning', 'lightning', 'hydra', 'omegaconf'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
