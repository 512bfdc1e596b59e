"""Open timm's pretrained models, from the Hugging Face cache or by download."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from autotl import hookimpl
from autotl.api import Applies, BackboneSource, Weights
from autotl.backbone import hub
from autotl.errors import UnknownName, WeightsError
from autotl.importing.vision import timm

OFFERS = (
    "mobilenetv3_small_100.lamb_in1k",
    "mobilenetv3_large_100.ra_in1k",
    "mobilenetv2_100.ra_in1k",
    "efficientnet_b0.ra_in1k",
    "convnext_atto.d2_in1k",
    "vit_tiny_patch16_224.augreg_in21k_ft_in1k",
    "resnet18.a1_in1k",
    "regnety_016.tv2_in1k",
    "densenet121.ra_in1k",
    "resnet50.a1_in1k",
    "convnext_tiny.in12k_ft_in1k",
    "swin_tiny_patch4_window7_224.ms_in1k",
    "vit_small_patch16_224.augreg_in21k_ft_in1k",
)


class TimmHub:
    """Opens timm's pretrained models by name, with or without tag.

    >>> bool(TimmHub().opens("resnet18"))
    True
    """

    name = "timm_hub"
    summary = "timm's pretrained models, from the Hugging Face cache or downloaded once"

    def __init__(self, fetch: Callable[[str], Path] = hub.fetch) -> None:
        self.fetch = fetch

    def offers(self) -> Sequence[str]:
        return OFFERS

    def opens(self, name: str) -> Applies:
        if not _known(name):
            similar = get_close_matches(name, timm.list_models(), n=3)
            hint = f"; did you mean {' or '.join(similar)}?" if similar else ""
            return Applies(False, f"timm knows no model {name!r}{hint}")
        return Applies(True, "timm knows it")

    def open(self, name: str) -> Weights:
        if not _known(name):
            raise UnknownName("backbone", name, _similar(name) or OFFERS)
        address = hub.address(name)
        if address is None:
            raise WeightsError(
                f"timm has the architecture {name!r} but no weights for it. Choose another backbone."
            )
        self.fetch(name)
        return Weights(
            name=name,
            timm_name=address.timm_name,
            origin=f"timm, {address.repository} on the Hugging Face hub ({address.licence})",
        )


def _known(name: str) -> bool:
    architecture, _, tag = name.partition(".")
    # timm.is_model ignores the tag: it would open another model for "resnet18.nonsense".
    return ":" not in name and timm.is_model(architecture) and (not tag or hub.address(name) is not None)


def _similar(name: str) -> list[str]:
    architecture, _, tag = name.partition(".")
    if tag and timm.is_model(architecture):
        return list(timm.list_pretrained(f"{architecture}.*"))
    return get_close_matches(name, timm.list_models(), n=5)


@hookimpl
def autotl_backbones() -> Iterable[BackboneSource]:
    return [TimmHub()]
