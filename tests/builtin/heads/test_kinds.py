"""The built-in kinds of heads fulfil the contract of all kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
import torch
from torch import nn
from torch.nn.functional import normalize

from autotl.builtin.heads.mlp import Mlp
from autotl.builtin.heads.multi_layer import MultiLayer
from autotl.builtin.heads.neighbours import Neighbours
from autotl.testing import HeadKindChecks


class TestMlp(HeadKindChecks):
    kind = Mlp()
    arguments: ClassVar[Mapping[str, Any]] = {"hidden": 4, "activation": "relu", "dropout": 0.5}

    def test_features_are_standardised_first(self) -> None:
        head = self.trained()
        x = torch.randn(5, 7)
        plain = self.trained()
        plain.get_buffer("mean").zero_()
        plain.get_buffer("std").fill_(1.0)
        scaled = x * head.get_buffer("std") + head.get_buffer("mean")
        torch.testing.assert_close(head.eval()(scaled), plain.eval()(x))


class TestMultiLayer(HeadKindChecks):
    kind = MultiLayer()
    arguments: ClassVar[Mapping[str, Any]] = {"columns": 2}

    def test_other_columns_do_not_matter(self) -> None:
        head = self.trained()
        head.get_buffer("columns").copy_(torch.tensor([1, 5]))
        x = torch.randn(4, 7)
        other = x.clone()
        other[:, [0, 2, 3, 4, 6]] += 1
        assert torch.equal(head(x), head(other))


class TestNeighbours(HeadKindChecks):
    kind = Neighbours()
    arguments: ClassVar[Mapping[str, Any]] = {"rows": 6, "neighbours": 3, "whiten": True}

    def trained(self) -> nn.Module:
        head = super().trained()
        head.get_buffer("labels").copy_(torch.tensor([0, 1, 2, 0, 1, 2]))
        return head

    def plain(self) -> nn.Module:
        head = self.kind.build({"rows": 6, "neighbours": 3, "whiten": False}, 7, 3)
        bank = torch.randn(6, 7, generator=torch.Generator().manual_seed(1))
        labels = torch.tensor([0, 0, 0, 2, 2, 1])
        head.load_state_dict({**head.state_dict(), "bank": normalize(bank), "labels": labels})
        return head

    def test_it_is_the_weighted_vote_of_the_nearest_rows(self) -> None:
        head, x = self.plain(), torch.randn(8, 7, generator=torch.Generator().manual_seed(2))
        similarity = normalize(x) @ head.get_buffer("bank").T
        expected = torch.zeros(8, 3)
        for row, values in enumerate(similarity):
            for index in values.argsort(descending=True)[:3]:
                expected[row, head.get_buffer("labels")[index]] += (values[index] / 0.07).exp()
        expected /= expected.sum(1, keepdim=True)
        torch.testing.assert_close(head(x).softmax(1), expected, atol=2e-3, rtol=0)

    def test_a_row_without_weight_has_no_vote(self) -> None:
        head = self.plain()
        x = head.get_buffer("bank")[3:4]
        assert int(head(x).argmax()) == 2
        head.get_buffer("weights")[3:5] = 0.0
        assert int(head(x).argmax()) != 2

    def test_labels_that_are_no_class_are_refused(self) -> None:
        head = self.plain()
        with pytest.raises(ValueError, match=r"labels must be from 0 to 2 \(got 0 to 3\)"):
            head.load_state_dict({**head.state_dict(), "labels": torch.tensor([0, 1, 2, 3, 0, 0])})
