"""The strategies that need no images adapt a model of texts."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from autotl_adapt import fits
from autotl_adapt.adaptive_norm import AdaptiveNorm
from autotl_adapt.dann import Dann
from autotl_adapt.deep_coral import DeepCoral
from autotl_adapt.features.coral import Coral
from autotl_adapt.features.optimal_transport import OptimalTransport
from autotl_adapt.features.reweighting import Reweighting
from autotl_adapt.features.subspace_alignment import SubspaceAlignment

import autotl
from autotl.api import DEPLOY, AdditionalImages
from autotl.terminal import Silence
from autotl.testing import tiny_run

ADAPTING = (Coral(), SubspaceAlignment(), OptimalTransport(), Reweighting(), DeepCoral(), Dann())
COMPARED = ("coral", "subspace_alignment", "reweighting", "deep_coral")
GOOD, BAD = ("good", "great", "fine", "best", "love"), ("bad", "awful", "poor", "worst", "hate")
FILMS, SHOPS = ("film", "scene", "actor", "plot", "story"), ("phone", "battery", "screen", "price", "box")


def reviews(things: tuple[str, ...], each: int, seed: int) -> pd.DataFrame:
    """Return reviews of some things, good and bad ones."""
    rng = np.random.default_rng(seed)
    rows = []
    for label, words in (("good", GOOD), ("bad", BAD)):
        for _ in range(each):
            chosen = [*rng.choice(things, 6), *rng.choice(words, 2), "the", "a", "of"]
            rows.append({"text": " ".join(rng.permutation(chosen)), "label": label})
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    task = tiny_run(tmp_path_factory.mktemp("cache")).task
    return replace(task, modality="text", augmentations=("none",), additional={DEPLOY: AdditionalImages(60)})


def test_only_strategies_for_images_refuse_texts(task):
    assert all(fits.applies(task, learns=each.learns) for each in ADAPTING)
    refused = AdaptiveNorm().applies(task, None)
    assert not refused
    assert refused.why == "it takes image inputs, and this data has text inputs"


@pytest.mark.parametrize("strategy", [DeepCoral(), Dann()], ids=lambda each: each.name)
def test_texts_are_not_augmented(strategy, task, tmp_path):
    backbone = tiny_run(tmp_path).backbones["tiny"]
    assert strategy.defaults(task, backbone)["augment"] == "none"


@pytest.mark.usefixtures("_installed")
def test_a_run_compares_them_and_names_the_refused_one(tmp_path):
    place = reviews(SHOPS, 40, seed=1)
    result = autotl.fit(
        reviews(FILMS, 40, seed=0),
        deploy=place,
        strategies=[
            "linear_probe",
            "coral",
            "subspace_alignment",
            "reweighting",
            "deep_coral",
            "adaptive_norm",
        ],
        trials=1,
        out=tmp_path / "run",
        device="cpu",
        experience=False,
        watch=Silence(),
    )
    found = result.report["adaptation"]
    candidates = {each["strategy"] for each in found["candidates"]}
    assert candidates == set(COMPARED)
    untried = {each["strategy"]: each["reason"] for each in found["untried"]}
    assert "takes image inputs" in untried["adaptive_norm"]
    predicted = autotl.load(tmp_path / "run", device="cpu").predict(place["text"])
    assert (predicted["label"] == place["label"]).mean() > 0.7


@pytest.fixture
def _installed():
    pytest.importorskip("skada", reason="the package skada is not installed")
    pytest.importorskip("wordllama", reason="the package wordllama is not installed: autotl[text]")
