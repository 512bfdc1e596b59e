"""Words, hashes and networks of texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from autotl.api import Weights
from autotl.backbone import Cuts, create, describe, layout, pooled
from autotl.backbone.image_size import Workload
from autotl.clock import WallClock
from autotl.errors import WeightsError
from autotl.modalities import folded_text, simhash, words_of
from autotl.modalities.text.ngrams import ngram_numbers
from autotl.modalities.text.tokens import TokenView
from tests.support.texts import OTHERS, WIDTH, vectors_folder


def weights_of(folder: Path) -> Weights:
    return Weights(folder.name, "static", "test", folder=folder, modality="text")


def bits(a: np.uint64, b: np.uint64) -> int:
    return int(a ^ b).bit_count()


def test_case_space_and_compatible_letters_make_no_difference():
    assert folded_text("  Ｈello\n WORLD ") == folded_text("hello world")
    assert words_of("It's 3 o'clock!") == ["it", "s", "3", "o", "clock"]


def test_few_bits_differ_between_texts_that_share_most_words():
    first = "how do i get my card back after the machine has taken it this morning"
    near, far = first.replace("morning", "evening"), "the film was long and rather dull in the second half"
    found = simhash([first, near, far, first.upper()])
    assert bits(found[0], found[1]) < bits(found[0], found[2])
    assert bits(found[0], found[3]) == 0


def test_numbers_of_words_and_pairs_are_distinct_and_bounded():
    found = ngram_numbers("a rose is a rose", buckets=1000, most=100)
    assert len(found) == len(set(found)) == 6  # a, rose, is, "a rose", "rose is", "is a"
    assert min(found) > 0
    assert ngram_numbers("a rose is a rose", buckets=1000, most=2) == found[:2]
    assert ngram_numbers("", buckets=1000, most=5) == []


def test_texts_are_cut_and_filled_up(tmp_path: Path):
    file = vectors_folder(tmp_path / "vectors") / "tokenizer.json"
    tokens = TokenView(4, str(file), "x", padding=1).transform()
    assert tokens("the").tolist() == [2, 1, 1, 1]
    assert len(tokens("the " * 50)) == 4
    assert tokens("").tolist() == [1, 1, 1, 1]


def test_features_are_the_mean_of_the_vectors_without_padding(tmp_path: Path):
    network = create(weights_of(vectors_folder(tmp_path / "vectors")))
    vectors = network.state_dict()["body.weight"]
    found = pooled(network, torch.tensor([[2, 4, 1, 1], [1, 1, 1, 1]]))
    torch.testing.assert_close(found[0], vectors[[2, 4]].mean(0))
    assert not found[1].any()


def test_a_network_of_vectors_has_a_stage_and_a_cut_before_its_head(tmp_path: Path):
    network = create(weights_of(vectors_folder(tmp_path / "vectors")), classes=3)
    assert [stage.module for stage in layout(network).stages] == ["body"]
    assert "(head)" in Cuts(network, input_size=16)


def test_a_text_backbone_is_described(tmp_path: Path):
    facts = describe(
        weights_of(vectors_folder(tmp_path / "vectors")),
        typical_size=20,
        device="cpu",
        workload=Workload(100, None),
        clock=WallClock(),
    )
    assert facts.features == WIDTH
    assert facts.input_sizes == (16, 32)
    assert facts.pace.power == 1.0
    assert facts.classes == ()
    assert facts.vectors == 0


def test_a_damaged_folder_is_named(tmp_path: Path):
    folder = vectors_folder(tmp_path / "vectors")
    (folder / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(WeightsError, match=r"model\.safetensors cannot be loaded"):
        create(weights_of(folder))
    (folder / "config.json").write_text('{"modality": "text"}')
    with pytest.raises(WeightsError, match="architecture"):
        create(weights_of(folder))


def test_random_vectors_depend_on_the_seed_alone(tmp_path: Path):
    weights = weights_of(vectors_folder(tmp_path / "vectors"))
    first, again, other = (create(weights, pretrained=False, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first.state_dict()["body.weight"], again.state_dict()["body.weight"])
    assert not torch.equal(first.state_dict()["body.weight"], other.state_dict()["body.weight"])
    assert len(first.state_dict()["body.weight"]) > len(OTHERS)
