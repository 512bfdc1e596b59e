"""Check that the AutoGluon peer reads timm model folders; AutoGluon is not needed."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import timm
import torch
from safetensors.numpy import save_file

FILE = Path(__file__).parents[2] / "benchmarks" / "peers" / "autogluon" / "checkpoint.py"


def _load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("autogluon_peer_checkpoint", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # because dataclasses and timm's registry look up the module by name
    spec.loader.exec_module(module)
    return module


checkpoint = _load()


def config(**changes: Any) -> dict[str, Any]:
    """Return a config.json as timm writes it for weights converted from TensorFlow."""
    return {
        "architecture": "mobilenetv2_050",
        "num_classes": 7,
        "num_features": 1280,
        "model_args": {"pad_type": "same"},
        "pretrained_cfg": {
            "tag": "in1k",
            "custom_load": True,
            "input_size": [3, 224, 224],
            "test_input_size": [3, 288, 288],
            "mean": [0.5, 0.5, 0.5],
            "std": [0.5, 0.5, 0.5],
            "num_classes": 1000,
            "first_conv": "conv_stem",
            "classifier": "classifier",
            "url": "https://example.org/weights",
            "hf_hub_id": "someone/something",
            "source": "hf-hub",
            "unknown_to_this_timm": 1,
        },
    } | changes


def test_model_args_become_arguments_of_the_network(tmp_path: Path) -> None:
    read = checkpoint.from_config(config(), tmp_path / "w", side=None)
    assert (read.architecture, read.arguments) == ("mobilenetv2_050", {"pad_type": "same"})


def test_the_folder_is_the_only_source_of_weights(tmp_path: Path) -> None:
    read = checkpoint.from_config(config(), tmp_path / "w", side=None)
    assert read.pretrained["file"] == str(tmp_path / "w")
    assert read.pretrained["custom_load"] is False
    assert not set(checkpoint.OTHER_SOURCES) & set(read.pretrained)


def test_the_number_of_classes_comes_from_the_base_config(tmp_path: Path) -> None:
    assert checkpoint.from_config(config(), tmp_path, side=None).pretrained["num_classes"] == 7


def test_a_side_replaces_both_input_sizes(tmp_path: Path) -> None:
    pretrained = checkpoint.from_config(config(), tmp_path, side=96).pretrained
    assert pretrained["input_size"] == (3, 96, 96)
    assert "test_input_size" not in pretrained


def test_without_a_side_the_input_size_stays(tmp_path: Path) -> None:
    assert checkpoint.from_config(config(), tmp_path, side=None).pretrained["input_size"] == [3, 224, 224]


def test_the_older_flat_config_is_read(tmp_path: Path) -> None:
    read = checkpoint.from_config({"architecture": "resnet18", "mean": [0.1, 0.2, 0.3]}, tmp_path, side=None)
    assert (read.architecture, read.arguments) == ("resnet18", {})
    assert read.pretrained["mean"] == [0.1, 0.2, 0.3]


def test_a_config_without_architecture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="has no architecture"):
        checkpoint.from_config({"pretrained_cfg": {}}, tmp_path, side=None)


def test_a_folder_with_pickled_weights_only_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config()))
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(ValueError, match=r"model\.safetensors is missing"):
        checkpoint.read(tmp_path, side=None)


def test_the_config_is_not_modified(tmp_path: Path) -> None:
    original = config()
    checkpoint.from_config(original, tmp_path, side=96)
    assert original == config()


def test_only_tensors_of_the_classifier_may_be_missing() -> None:
    names = {"conv_stem.weight": 0, "classifier.weight": 0}
    checkpoint.check_complete(names, {"conv_stem.weight"}, {"classifier": "classifier"})
    with pytest.raises(ValueError, match=r"lacks 1 tensors .* conv_stem\.weight first"):
        checkpoint.check_complete(names, {"classifier.weight"}, {"classifier": "classifier"})


def test_a_network_may_have_several_classifiers_or_none() -> None:
    names = {"head.weight": 0, "head_dist.weight": 0}
    checkpoint.check_complete(names, set(), {"classifier": ("head", "head_dist")})
    with pytest.raises(ValueError, match="lacks 2 tensors"):
        checkpoint.check_complete(names, set(), {"classifier": None})


def test_the_registered_network_equals_the_folder(tmp_path: Path) -> None:
    """Compare the features with those of timm's own loader: same weights, same padding."""
    torch.manual_seed(0)
    source = timm.create_model("mobilenetv2_050", pretrained=False, num_classes=7, pad_type="same").eval()
    save_file({k: v.numpy() for k, v in source.state_dict().items()}, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text(json.dumps(config()))
    checkpoint.register(checkpoint.read(tmp_path, side=64), "checkpoint_of_this_test")
    built = timm.create_model("checkpoint_of_this_test", pretrained=True, num_classes=3).eval()
    known = config()
    del known["pretrained_cfg"]["unknown_to_this_timm"]  # because timm raises an error for this key
    (tmp_path / "config.json").write_text(json.dumps(known))
    reference = timm.create_model(f"local-dir:{tmp_path}", pretrained=True, num_classes=0).eval()
    views = torch.from_numpy(np.random.default_rng(0).standard_normal((2, 3, 64, 64), dtype=np.float32))
    with torch.inference_mode():
        assert built(views).shape == (2, 3)
        assert torch.equal(
            built.forward_head(built.forward_features(views), pre_logits=True), reference(views)
        )
    assert built.pretrained_cfg["input_size"] == (3, 64, 64)


def test_without_pretrained_the_weights_are_not_read(tmp_path: Path) -> None:
    read = checkpoint.from_config(config(), tmp_path / "none.safetensors", side=64)
    checkpoint.register(read, "untrained_network_of_this_test")
    assert timm.create_model("untrained_network_of_this_test", pretrained=False).num_classes == 7
