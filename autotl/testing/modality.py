"""Checks that every modality must pass: :class:`ModalityChecks`."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from autotl.api import InputConfig, Modality


class ModalityChecks:
    """Set ``modality``, a network's configuration, and some inputs of different content.

    >>> class TestTexts(ModalityChecks):
    ...     modality = TextModality()
    ...     config = TextConfig(64, "ngrams:512", "ngrams:512")
    ...     inputs = ("a first text", "another text", "the third one")
    """

    modality: Modality
    config: InputConfig
    inputs: Sequence[Any]

    def test_it_follows_the_contract(self) -> None:
        """It has the members of :class:`autotl.api.Modality`, and a name that configurations carry."""
        assert isinstance(self.modality, Modality)
        assert self.modality.name == self.config.modality
        assert self.modality.noun
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
        transform = self.modality.view(self.config, input_size=self._size()).transform()
        assert len({transform(each).tobytes() for each in self.inputs}) == len(self.inputs)

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

    def _size(self) -> int:
        return max(self.modality.input_sizes(self.config, 20))

    def _encoded(self) -> torch.Tensor:
        transform = self.modality.view(self.config, input_size=self._size()).transform()
        return torch.from_numpy(np.stack([transform(each) for each in self.inputs]))
