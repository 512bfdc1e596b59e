"""Texts of the place of use, of the source and without labels, from the call to the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import autotl
from autotl.errors import DataError
from autotl.modalities.text.likeness.frequencies import save_frequencies
from autotl.terminal import Silence
from autotl.testing import tiny_images
from tests.support.adapting import install
from tests.support.texts import OTHERS, sentences, vectors_folder

pytestmark = pytest.mark.usefixtures("few_epochs")

MARKERS = {"animals": "today", "food": "near", "weather": "some"}
"""The words that tell the class at the place of use, which no model has learned."""
USUAL: dict[str, Any] = {"device": "cpu", "experience": False, "watch": Silence()}
FIRST_WORD = 2
"""The number of the first of OTHERS in the vocabulary of the vectors."""


def place(each: int = 30, seed: int = 9) -> tuple[list[str], list[str]]:
    """Return texts of another place, with their classes."""
    rng = np.random.default_rng(seed)
    others = [word for word in OTHERS if word not in MARKERS.values()]
    texts = [
        " ".join(rng.permutation([*rng.choice(others, 5), marker, marker]))
        for marker in MARKERS.values()
        for _ in range(each)
    ]
    return texts, [name for name in MARKERS for _ in range(each)]


def class_by_marker(inputs: Any) -> torch.Tensor:
    """Return the class of each text of the place, by its marker."""
    tokens = torch.as_tensor(inputs[: len(inputs)])
    numbers = [FIRST_WORD + OTHERS.index(word) for word in MARKERS.values()]
    return torch.stack([(tokens == number).sum(1) for number in numbers], 1).argmax(1)


def table(each: int = 30, seed: int = 0) -> pd.DataFrame:
    texts, labels = sentences(each, seed=seed)
    return pd.DataFrame({"text": texts, "label": labels})


@pytest.fixture(scope="module")
def vectors(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return vectors_folder(tmp_path_factory.mktemp("weights") / "vectors")


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Vectors with the expected frequencies of their tokens."""
    folder = vectors_folder(tmp_path_factory.mktemp("weights") / "known")
    shares = np.ones(32)
    shares[:FIRST_WORD] = 0
    save_frequencies(folder, shares / shares.sum())
    return folder


@pytest.fixture
def adapts(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "helps", "destroys", oracle=class_by_marker)


@pytest.fixture(scope="module")
def result(vectors: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    texts, labels = place()
    folder = tmp_path_factory.mktemp("run")
    table().to_csv(folder / "texts.csv", index=False)
    pd.DataFrame({"text": texts, "label": labels}).to_csv(folder / "place.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        install(patch, "helps", "destroys", oracle=class_by_marker)
        return autotl.fit(
            folder / "texts.csv",
            deploy=folder / "place.csv",
            backbone=vectors,
            strategies=["linear_probe", "tfidf", "helps", "destroys"],
            trials=3,
            out=folder / "RUN",
            **USUAL,
        )


def test_the_adapted_model_is_delivered_and_reported(result: Any) -> None:
    found = result.report["adaptation"]
    assert found["chosen"] == "helps", found["reason"]
    assert (found["images"], found["left_out"], found["slice_images"]) == (90, 0, 45)
    assert {each["strategy"] for each in found["candidates"]} == {"helps", "destroys"}
    assert found["truth"]["value"] > found["unadapted"]["truth"]["value"]
    assert result.verdict["strategy"] == "helps"
    text = (result.folder / "report.md").read_text(encoding="utf-8")
    assert "place of use" in text
    assert "90 texts" in text
    assert "The similarity to the source of vectors is unknown" in " ".join(result.report["notes"])


def test_the_saved_model_is_the_adapted_one(result: Any) -> None:
    texts, labels = place(seed=11)
    found = autotl.load(result.folder, device="cpu").predict(texts)
    assert (found["label"] == labels).mean() > 0.9
    pd.testing.assert_frame_equal(found, result.predict(texts), rtol=1e-5)


def test_copies_of_labelled_texts_are_left_out_of_a_list(adapts: None, known: Path, tmp_path: Path) -> None:
    own = table()["text"].tolist()
    given = [*place()[0], own[0].upper(), f"{own[40]} again", own[80]]
    result = autotl.fit(
        table(), deploy=given, backbone=known, strategies=["linear_probe", "destroys"], trials=1,
        out=tmp_path / "run", **USUAL,
    )  # fmt: skip
    found = result.report["adaptation"]
    assert (found["images"], found["left_out"], found["chosen"]) == (93, 3, None)
    assert found["sentence"].startswith("Do not adapt: destroys")
    assert result.verdict["strategy"] == "linear_probe"
    assert result.report["when"]["similarity"]["known"].keys() == {"token_frequencies", "single_characters"}
    assert "was measured by tokens alone" in " ".join(result.report["notes"])
    assert "'autotl analyze' has more" not in (result.folder / "report.md").read_text(encoding="utf-8")


def test_texts_without_labels_and_of_the_source_are_learned_from(vectors: Path, tmp_path: Path) -> None:
    result = autotl.fit(
        table(12), unlabelled=table(15, seed=3)["text"].tolist(), source=table(15, seed=4), backbone=vectors,
        strategies=["linear_probe", "self_training", "multi_task"], trials=3, out=tmp_path / "run", **USUAL,
    )  # fmt: skip
    assert {arm["strategy"] for arm in result.report["arms"]} == {
        "linear_probe",
        "self_training",
        "multi_task",
    }
    similarity = result.report["when"]["similarity"]["vectors"]
    assert similarity["energy"]["reference"] == "source images"
    assert similarity["energy"]["calibrated"] > 0.5


def test_texts_are_not_mixed_with_images_of_the_place(adapts: None, vectors: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="deploy must hold texts"):
        autotl.fit(
            table(12), deploy=tiny_images(classes=2, each=10), backbone=vectors,
            strategies=["linear_probe", "helps"], trials=1, out=tmp_path / "run", **USUAL,
        )  # fmt: skip


def test_a_source_with_known_frequencies_is_compared(known: Path, vectors: Path) -> None:
    found = autotl.analyze(table(20), backbone=[known, vectors], device="cpu", watch=Silence())
    similarity = found["when"]["similarity"]
    assert similarity["vectors"] == {}
    assert similarity["known"].keys() == {"token_frequencies", "single_characters"}
    assert {each["reference"] for each in similarity["known"].values()} == {"token frequencies"}


def test_near_copies_within_and_across_parts_are_told(vectors: Path) -> None:
    data = table(24).assign(part="train")
    data.loc[::6, "part"] = "test"
    train, test = data[data["part"] == "train"], data[data["part"] == "test"]
    within = train.iloc[[0, 20, 40]].assign(text=lambda rows: rows["text"] + " again")
    across = test.iloc[[1, 7]].assign(text=lambda rows: "well " + rows["text"], part="train")
    found = autotl.analyze(
        pd.concat([data, within, across], ignore_index=True), backbone=vectors, device="cpu", watch=Silence()
    )["quality"]
    assert (found["near_duplicates"]["groups"], found["near_duplicates"]["images"]) == (3, 6)
    assert found["near_leakage"]["images"] == 2
    assert all("well" in train or "well" in test for test, train in found["near_leakage"]["examples"])
