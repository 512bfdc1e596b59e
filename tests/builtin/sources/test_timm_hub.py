from pathlib import Path

import pytest

from autotl.backbone import find
from autotl.builtin.sources.timm_hub import OFFERS, TimmHub
from autotl.errors import UnknownName, WeightsError
from autotl.testing.backbone import BackboneSourceChecks


def fetched(name: str) -> Path:
    return Path(name)


def unreachable(name: str) -> Path:
    raise WeightsError(f"{name} cannot be fetched.")


class TestTimmHub(BackboneSourceChecks):
    source = TimmHub(fetch=unreachable)


def test_a_model_opens_with_or_without_its_tag_and_keeps_the_name_it_was_asked_by():
    for name in ("resnet18", "resnet18.a1_in1k"):
        weights = TimmHub(fetch=fetched).open(name)
        assert (weights.name, weights.timm_name) == (name, "resnet18.a1_in1k")
        assert weights.folder is None
        assert "timm/resnet18.a1_in1k" in weights.origin


def test_a_tag_that_does_not_exist_is_answered_with_those_that_do():
    assert not TimmHub().opens("resnet18.a7_in1k")
    with pytest.raises(UnknownName, match=r"Did you mean 'resnet18\.a\d_in1k'"):
        TimmHub().open("resnet18.a7_in1k")


def test_a_misspelt_model_is_answered_with_its_neighbours_in_timm():
    with pytest.raises(UnknownName, match=r"'convnext_tyni'.*Did you mean 'convnext_tiny'"):
        TimmHub().open("convnext_tyni")
    with pytest.raises(UnknownName, match="Did you mean 'convnext_tiny'"):
        find("convnext_tyni", {"timm_hub": TimmHub()})


def test_weights_that_cannot_be_fetched_are_not_opened():
    with pytest.raises(WeightsError, match="cannot be fetched"):
        TimmHub(fetch=unreachable).open("resnet18")


def test_it_offers_a_dozen():
    assert 10 <= len(OFFERS) <= 15
