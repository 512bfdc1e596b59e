"""Write the folder of the embedded backbone: weights, timm config, source reference and model card."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

SAMPLE_SIZE = 800
"""Number of source images whose features are stored."""

CARD = """# tiny: the backbone that ships with autotl

A stock timm `{architecture}` with narrow stages ({parameters:,} parameters, {megabytes:.2f} MB in half
precision), for images of about {size} px. It exists so that autotl works at once, without a network. For real
work name a larger backbone.

| | |
| --- | --- |
| architecture | `timm.create_model("{architecture}", **{model_args})` |
| source data | 24,000 training images of 200 classes from Tiny ImageNet \
(64 px; 120 a class, from its published train part) |
| teacher | MobileNetV2 1.0 trained on ImageNet-1k, looking at the same crops enlarged |
| recipe | AdamW, one-cycle, {epochs} epochs over {views} fixed random crops of each image; \
labels, teacher probabilities and teacher feature direction; \
colour, grey, low-resolution and size changes |
| cost | {minutes:.0f} minutes on 2 CPU cores |
| accuracy, 2,000 test images (10 a class), {size} px, opened once | **{test:.1%}** of 200 classes |
| accuracy, 1,000 held-out training images | {validation:.1%} |

`benchmarks/tiny/pretrain.py` makes this folder again.

- `model.safetensors`: weights, half precision. `config.json`: timm's local-folder format, with the class \
names.
- `reference.safetensors`: the source reference: mean and covariance of the pooled features of the source \
images,
  and the features of {sample} of them, as seen at {size} px.

It knows small photographs of everyday objects and animals; it has not been checked for any other use, and the
images it learned from carry the biases of ImageNet. The weights are under this project's licence; the
training images are not included.
"""


@dataclass(frozen=True, slots=True)
class Pretraining:
    """The settings and results of a pretraining.

    Attributes:
        architecture: The name of the architecture in timm.
        model_args: Its arguments.
        wnids: The WordNet identifiers of the classes, in the order of the outputs.
        names: Names of the classes by identifier.
        mean: Means of the channels, which the network's input is standardised by.
        std: Standard deviations of the channels.
        size: Image size in pixels.
        epochs: Number of epochs.
        views: Number of random crops of each image.
        minutes: Duration.
        validation: Accuracy on the held-out training images, in [0, 1].
        test: Accuracy on the test images, in [0, 1].
    """

    architecture: str
    model_args: Mapping[str, object]
    wnids: Sequence[str]
    names: Mapping[str, str]
    mean: Sequence[float]
    std: Sequence[float]
    size: int
    epochs: int
    views: int
    minutes: float
    validation: float
    test: float


@torch.inference_mode()
def write_folder(
    out: Path,
    model: nn.Module,
    images: Tensor,
    pretraining: Pretraining,
    *,
    standardise: Callable[[Tensor], Tensor],
) -> None:
    """Write weights, config, source reference and model card.

    Args:
        out: The folder; it is created.
        model: The pretrained network.
        images: The source images, uint8 (images, 3, size, size).
        pretraining: Settings and results, for config and card.
        standardise: Function that converts images in [0, 1] to the input of the network.
    """
    out.mkdir(parents=True, exist_ok=True)
    model.eval()
    state = {k: v.half() if v.is_floating_point() else v for k, v in model.state_dict().items()}
    save_file({k: v.contiguous() for k, v in state.items()}, out / "model.safetensors", {"format": "pt"})
    (out / "config.json").write_text(json.dumps(_config(model, pretraining), indent=1) + "\n")
    features = torch.cat(
        [
            model.forward_head(model.forward_features(standardise(x.float() / 255)), pre_logits=True)
            for x in images.split(256)
        ]
    )
    rows = torch.randperm(len(features), generator=torch.Generator().manual_seed(0))[:SAMPLE_SIZE]
    save_file(
        {
            "mean": features.double().mean(0).float().contiguous(),
            "cov": features.double().T.cov().float().contiguous(),
            "sample": features[rows].half().contiguous(),
        },
        out / "reference.safetensors",
        {"n": str(len(features)), "image_size": str(pretraining.size), "images": "tiny_imagenet_part, train"},
    )
    megabytes = (out / "model.safetensors").stat().st_size / 1e6
    (out / "README.md").write_text(_card(model, pretraining, megabytes))


def _config(model: nn.Module, pretraining: Pretraining) -> dict[str, Any]:
    """Return the content of timm's config.json."""
    size, classes = pretraining.size, len(pretraining.wnids)
    return {
        "architecture": pretraining.architecture,
        "num_classes": classes,
        "num_features": model.num_features,
        "global_pool": "avg",
        "label_names": list(pretraining.wnids),
        "label_descriptions": {wnid: pretraining.names[wnid] for wnid in pretraining.wnids},
        "model_args": dict(pretraining.model_args),
        "pretrained_cfg": {
            "tag": "tiny",
            "custom_load": False,
            "input_size": [3, size, size],
            "fixed_input_size": False,
            "interpolation": "bilinear",
            "crop_pct": 1.0,
            "crop_mode": "center",
            "mean": list(pretraining.mean),
            "std": list(pretraining.std),
            "num_classes": classes,
            "pool_size": [4, 4],
            "first_conv": "conv1.0",
            "classifier": "fc",
            "license": "apache-2.0",
        },
    }


def _card(model: nn.Module, pretraining: Pretraining, megabytes: float) -> str:
    """Return the model card."""
    return CARD.format(
        architecture=pretraining.architecture,
        model_args=dict(pretraining.model_args),
        parameters=sum(p.numel() for p in model.parameters()),
        megabytes=megabytes,
        size=pretraining.size,
        epochs=pretraining.epochs,
        views=pretraining.views,
        minutes=pretraining.minutes,
        sample=SAMPLE_SIZE,
        test=pretraining.test,
        validation=pretraining.validation,
    )
