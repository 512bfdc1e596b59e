"""A loader is written for any kind of head, with or without source code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import nn

from autotl.api import HeadSpec
from autotl.builtin.heads.mlp import Mlp
from autotl.builtin.heads.modules.mlp import MlpHead
from autotl.heads import HeadForm, is_portable, loader_code

FORM = HeadForm(HeadSpec("mlp", {"hidden": 2}), 4, 3, "autotl-trees")


class Kind:
    """A kind whose head is of a given class."""

    name, summary = "made", "made up"

    def __init__(self, portable: Any) -> None:
        self.portable = portable

    def build(self, arguments: Mapping[str, Any], features: int, outputs: int) -> nn.Module:
        made: nn.Module = self.portable(arguments, features, outputs)
        return made


class Outer:
    """Holds a class whose source code is indented."""

    class Inner(nn.Linear):
        """A linear layer."""

        def __init__(self, arguments: Mapping[str, Any], features: int, outputs: int) -> None:
            super().__init__(features, outputs)


def test_an_indented_class_is_written_without_its_indentation() -> None:
    code = loader_code(FORM, Kind(Outer.Inner))
    space: dict[str, Any] = {"__name__": "loader", "__file__": "load_model.py"}
    exec(code, space)
    assert space["Inner"]({}, 4, 3)(torch.zeros(1, 4)).shape == (1, 3)
    assert is_portable(Kind(Outer.Inner))


@pytest.mark.parametrize("portable", [type("Made", (MlpHead,), {}), 3, int])
def test_a_class_without_source_code_needs_its_plugin(portable: Any) -> None:
    kind = Kind(portable)
    assert not is_portable(kind)
    space: dict[str, Any] = {"__name__": "loader"}
    exec(loader_code(FORM, kind), space)
    with pytest.raises(ImportError, match="autotl-trees"):
        space["load"]()


def test_a_portable_kind_is_one() -> None:
    assert is_portable(Mlp())
