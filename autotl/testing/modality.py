"""Checks that every modality must pass: :class:`ModalityChecks`."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from autotl.api import (
    VERSION,
    DeliveredNetwork,
    FindsCopies,
    InputConfig,
    Item,
    Listing,
    MakesNoise,
    Modality,
    ReadingBudget,
    TargetSpec,
    Weights,
)
from autotl.backbone import create, describe, example_inputs
from autotl.backbone.image_size import Workload
from autotl.clock import WallClock
from autotl.results.by_target.target_entries import target_entries

CLASSES = ("one", "other", "third")


class ModalityChecks:
    """Conformance checks of :class:`autotl.api.Modality`, to be subclassed.

    >>> class TestTexts(ModalityChecks):
    ...     modality = Texts()
    ...     config = TextConfig(64, "ngrams:512", "ngrams:512")
    ...     inputs = ("a first text", "another text", "the third one")

    Attributes:
        modality: The modality to check.
        config: The configuration of a network.
        inputs: Three or more inputs of different content, as its openers return them.
        weights: Weights of a small network for the check of the model folder; None leaves that check out.
    """

    modality: Modality
    config: InputConfig
    inputs: Sequence[Any]
    weights: Weights | None = None

    def test_it_follows_the_contract(self) -> None:
        """It has the members of :class:`autotl.api.Modality`, and a name that configurations carry."""
        assert isinstance(self.modality, Modality)
        assert self.modality.name == self.config.modality
        assert self.modality.api == VERSION
        assert self.modality.summary
        assert self.modality.noun.islower()
        assert self.modality.words.python
        assert self.modality.cost_power > 0

    def test_its_first_augmentation_changes_nothing(self) -> None:
        """The name of no augmentation comes first, and names differ."""
        assert self.modality.augmentations[0] == "none"
        assert len(set(self.modality.augmentations)) == len(self.modality.augmentations)

    def test_its_sizes_rise_to_at_most_the_native_one(self) -> None:
        """Each typical size gives one or more sizes."""
        for typical in (1, 20, 100, 100_000):
            sizes = self.modality.input_sizes(self.config, typical)
            assert sizes
            assert list(sizes) == sorted(set(sizes))
            assert sizes[0] > 0
            assert sizes[-1] <= self.config.input_size

    def test_its_encoding_has_the_promised_shape(self) -> None:
        """Each array has the view's shape and type, each time."""
        view = self.modality.view(self.config, input_size=self._size())
        transform, again = view.transform(), view.transform()
        for each in self.inputs:
            found = transform(each)
            assert found.shape == view.shape
            assert found.dtype == view.dtype
            np.testing.assert_array_equal(found, again(each))

    def test_its_encoding_tells_inputs_apart(self) -> None:
        """No two of the inputs have the same array."""
        assert len(self._codes(self.inputs)) == len(self.inputs)

    def test_its_views_are_named_by_their_content(self) -> None:
        """Equal views have equal keys, and other sizes have other ones."""
        size = self._size()
        keys = [self.modality.view(self.config, input_size=each).key for each in (size, size, size - 1)]
        assert keys[0] == keys[1] != keys[2]

    def test_its_views_and_batches_cross_processes(self) -> None:
        """They can be sent to a worker, and mean the same there."""
        view = self.modality.view(self.config, input_size=self._size())
        assert pickle.loads(pickle.dumps(view)).key == view.key
        to_batch = self.modality.to_batch(self.config, "cpu")
        encoded = self._encoded()
        torch.testing.assert_close(pickle.loads(pickle.dumps(to_batch))(encoded), to_batch(encoded))

    def test_its_batches_keep_their_rows(self) -> None:
        """A batch has independent rows, one for each input."""
        to_batch, encoded = self.modality.to_batch(self.config, "cpu"), self._encoded()
        found = to_batch(encoded)
        assert len(found) == len(self.inputs)
        torch.testing.assert_close(to_batch(encoded[:1]), found[:1])
        assert to_batch.on_device("cpu").device == "cpu"

    def test_it_reads_what_a_reader_lists(self) -> None:
        """Each input has a row, and opens as the views take it."""
        items = [
            Item(f"input {number}", CLASSES[number % 2], partial(_same, each))
            for number, each in enumerate(self.inputs)
        ]
        found = self.modality.read("checks", Listing(items, modality=self.modality.name), ReadingBudget())
        assert found.modality == self.modality.name
        assert {"item", "label", "group", "digest", "part", "looks"} <= {*found.table.columns}
        assert len(found) == len(found.table) == len(self.inputs)
        assert not found.unreadable
        assert self.modality.typical_size(found.table) >= 1
        assert self._codes(each() for each in found.openers) == self._codes(self.inputs)

    def test_it_lists_the_inputs_of_a_prediction(self) -> None:
        """Each input has its own name, and opens likewise."""
        found = [*self.modality.list_inputs([*self.inputs], readers=dict, column=None, scale=None)]
        assert len({each.name for each in found}) == len(self.inputs)
        assert self._codes(each.open() for each in found) == self._codes(self.inputs)

    def test_its_model_folder_opens_again(self, tmp_path: Path) -> None:
        """The network of a model folder computes what the written one computed."""
        if self.weights is None:
            pytest.skip("the checks have no weights")
        workload = Workload(len(self.inputs), None)
        facts = describe(self.weights, typical_size=20, device="cpu", workload=workload, clock=WallClock())
        model = create(self.weights, classes=len(CLASSES))
        torch.nn.init.normal_(model.get_parameter(f"{_head(model)}.weight"))
        entries = target_entries(TargetSpec("single_label", CLASSES))
        network = DeliveredNetwork(model, facts, len(CLASSES), facts.input_size, entries)
        self.modality.write_network(tmp_path, network)
        document, again, config = self.modality.load_network(tmp_path)
        assert config.modality == self.modality.name
        assert tuple(document["label_names"]) == CLASSES
        x = example_inputs(model, len(self.inputs), facts.input_size, torch.Generator().manual_seed(0))
        with torch.inference_mode():
            torch.testing.assert_close(again.eval()(x), model(x))

    def _codes(self, inputs: Iterable[Any]) -> set[bytes]:
        transform = self.modality.view(self.config, input_size=self._size()).transform()
        return {transform(each).tobytes() for each in inputs}

    def test_its_noise_has_the_form_of_its_inputs(self) -> None:
        """Noise is encoded as inputs are, and depends on the seed alone."""
        if not isinstance(self.modality, MakesNoise):
            pytest.skip("the modality has no noise")
        like = self._encoded().numpy()
        found, again = (self.modality.noise(self.config, like, seed=3) for _ in range(2))
        assert (found.shape, found.dtype) == (like.shape, like.dtype)
        np.testing.assert_array_equal(found, again)
        assert not np.array_equal(found, like)

    def test_its_copies_are_the_inputs_that_repeat(self) -> None:
        """Equal inputs are copies, and the given inputs are none."""
        if not isinstance(self.modality, FindsCopies):
            pytest.skip("copies are found by hashes and features")
        first, count = self.inputs[0], len(self.inputs)
        assert self.modality.copies_among([*self.inputs, first]).tolist() == [[0, count]]
        assert self.modality.copies_between([first], self.inputs).tolist() == [[0, 0]]

    def _size(self) -> int:
        return max(self.modality.input_sizes(self.config, 20))

    def _encoded(self) -> torch.Tensor:
        transform = self.modality.view(self.config, input_size=self._size()).transform()
        return torch.from_numpy(np.stack([transform(each) for each in self.inputs]))


def _same(given: Any) -> Any:
    return given


def _head(model: Any) -> str:
    """Return the name of the classifier, by timm's attribute."""
    return str(model.pretrained_cfg["classifier"])
