import pytest
import timm
import torch
from torch import nn

from autotl.backbone import freeze, layout

FAMILIES = ["test_resnet", "test_efficientnet", "mobilenetv3_small_050", "test_convnext", "test_vit"]


def trained(model: nn.Module, train_mode, *, steps: int = 2) -> dict[str, torch.Tensor]:
    """A few real steps with momentum and decay; the state before them."""
    before = {key: value.clone() for key, value in model.state_dict().items()}
    input_size = model.pretrained_cfg["input_size"][-1] if model.pretrained_cfg["fixed_input_size"] else 64
    optimiser = torch.optim.AdamW(
        (p for p in model.parameters() if p.requires_grad), lr=1e-2, weight_decay=0.1
    )
    for step in range(steps):
        train_mode(model)
        x = torch.randn(4, 3, input_size, input_size, generator=torch.Generator().manual_seed(step))
        nn.functional.cross_entropy(model(x), torch.tensor([0, 1, 0, 1])).backward()
        optimiser.step()
        optimiser.zero_grad()
        model.eval()  # validation, after which the mode must be found again
    return before


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("depth", ["none", "some", "all"])
def test_frozen_parameters_stay_equal_and_the_others_learn(name, depth):
    model = timm.create_model(name, num_classes=2, drop_rate=0.1)
    found = layout(model)
    through = {"none": 0, "some": len(found.stages) // 2, "all": len(found.stages)}[depth]
    keys = list(model.state_dict())
    train_mode = freeze(model, through, norm="batch")
    before = trained(model, train_mode)
    assert list(model.state_dict()) == keys
    frozen = set().union(*found.modules[:through])
    parameters = set().union(*found.parameters[:through])
    for key, value in model.state_dict().items():
        is_buffer = key not in dict(model.named_parameters())
        if key in parameters or (is_buffer and key.rpartition(".")[0] in frozen):
            assert torch.equal(value, before[key]), f"{key} moved"
    moved = [key for key, value in model.state_dict().items() if not torch.equal(value, before[key])]
    assert any("classifier" in key or "fc" in key or "head" in key for key in moved)
    if through < len(found.stages):
        assert found.parameters[-1] & set(moved)


def statistics(model: nn.Module) -> list[str]:
    return [key for key in model.state_dict() if "running_" in key]


def test_frozen_norms_keep_their_statistics_in_trained_stages_too():
    model = timm.create_model("test_resnet", num_classes=2)
    before = trained(model, freeze(model, 0, norm="frozen"))
    assert all(torch.equal(model.state_dict()[key], before[key]) for key in statistics(model))
    assert not torch.equal(model.state_dict()["layer1.0.bn1.weight"], before["layer1.0.bn1.weight"])


def test_batch_norms_update_the_statistics_of_trained_stages():
    model = timm.create_model("test_resnet", num_classes=2)
    before = trained(model, freeze(model, 0, norm="batch"))
    assert not any(torch.equal(model.state_dict()[key], before[key]) for key in statistics(model))


def test_frozen_stages_drop_nothing_and_trained_ones_do():
    model = timm.create_model("test_vit", num_classes=2, drop_path_rate=0.5, proj_drop_rate=0.5)
    found = layout(model)
    freeze(model, 1, norm="batch")
    modules = dict(model.named_modules())
    assert not any(modules[name].training for name in found.modules[0])
    assert all(modules[name].training for name in found.modules[-1])
    assert model.training


def test_everything_is_frozen_but_the_classifier_at_most():
    model = timm.create_model("test_resnet", num_classes=2)
    freeze(model, len(layout(model).stages), norm="frozen")
    assert [key for key, p in model.named_parameters() if p.requires_grad] == ["fc.weight", "fc.bias"]
    with pytest.raises(ValueError, match="stages"):
        freeze(model, 9, norm="frozen")


def test_freezing_less_afterwards_thaws():
    model = timm.create_model("test_resnet", num_classes=2)
    freeze(model, 3, norm="frozen")
    freeze(model, 0, norm="batch")
    assert all(p.requires_grad for p in model.parameters())
    assert all(module.training for module in model.modules())
