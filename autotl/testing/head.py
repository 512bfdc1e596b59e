"""Check the contract of a kind of head, built in or not."""

from __future__ import annotations

import copy
import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from autotl.api import HeadKind, HeadSpec, PortableHead
from autotl.heads import HeadForm, loader_code

FEATURES, OUTPUTS, ROWS = 7, 3, 5


class HeadKindChecks:
    """Conformance checks of :class:`autotl.api.HeadKind`, to be subclassed.

    >>> from autotl.builtin.heads.mlp import Mlp
    >>> class TestMlp(HeadKindChecks):
    ...     kind = Mlp()
    ...     arguments = {"hidden": 4}

    Attributes:
        kind: The kind to check.
        arguments: Arguments of a head of 7 features and 3 outputs.
    """

    kind: HeadKind
    arguments: ClassVar[Mapping[str, Any]] = {}

    def test_it_keeps_the_contract(self) -> None:
        """It has a name, a summary and a method that builds."""
        assert isinstance(self.kind, HeadKind)
        assert self.kind.name
        assert self.kind.summary

    def test_it_maps_features_to_outputs(self) -> None:
        """Outputs are finite float32 numbers, (rows, k), for any number of rows."""
        head = self.trained()
        for rows in (1, ROWS):
            outputs = _run(head, _features(rows))
            assert outputs.shape == (rows, OUTPUTS)
            assert outputs.dtype == torch.float32
            assert bool(outputs.isfinite().all())

    def test_a_row_has_the_same_outputs_alone(self) -> None:
        """No row depends on the others in evaluation mode."""
        head, x = self.trained(), _features(ROWS)
        alone = torch.cat([_run(head, row[None]) for row in x])
        torch.testing.assert_close(alone, _run(head, x), atol=1e-5, rtol=1e-4)

    def test_the_same_input_has_the_same_outputs(self) -> None:
        """Nothing is random in evaluation mode."""
        head, x = self.trained(), _features(ROWS)
        assert torch.equal(_run(head, x), _run(head, x))

    def test_its_tensors_in_a_file_are_the_whole_head(self, tmp_path: Path) -> None:
        """A head that is built again and loaded computes the same."""
        head, x = self.trained(), _features(ROWS)
        save_file({name: value.contiguous() for name, value in head.state_dict().items()}, tmp_path / "head")
        again = self.built()
        again.load_state_dict(load_file(tmp_path / "head"))
        assert torch.equal(_run(again, x), _run(head, x))

    def test_json_holds_its_arguments(self) -> None:
        """Arguments that were read from a file build the same tensors."""
        read = json.loads(json.dumps(dict(self.arguments)))
        again = self.kind.build(read, FEATURES, OUTPUTS)
        shapes = [
            {name: value.shape for name, value in each.state_dict().items()} for each in (again, self.built())
        ]
        assert shapes[0] == shapes[1]

    def test_a_copy_computes_the_same(self) -> None:
        """A network with this head can be copied."""
        head, x = self.trained(), _features(ROWS)
        assert torch.equal(_run(copy.deepcopy(head), x), _run(head, x))

    def test_a_portable_head_works_in_its_loader(self) -> None:
        """The code of the loader defines the head without autotl."""
        if not isinstance(self.kind, PortableHead):
            pytest.skip("the head needs its plugin")
        form = HeadForm(HeadSpec(self.kind.name, self.arguments), FEATURES, OUTPUTS)
        assert "autotl" not in loader_code(form, self.kind)
        names: dict[str, Any] = {"torch": torch, "nn": nn, "Tensor": Tensor, "Mapping": Mapping, "Any": Any}
        code = "from __future__ import annotations\n" + inspect.getsource(self.kind.portable)
        exec(code, names)
        head, x = self.trained(), _features(ROWS)
        alone: nn.Module = names[self.kind.portable.__name__](self.arguments, FEATURES, OUTPUTS)
        alone.load_state_dict(head.state_dict())
        assert torch.equal(_run(alone, x), _run(head, x))

    def built(self) -> nn.Module:
        """Return a new head."""
        return self.kind.build(self.arguments, FEATURES, OUTPUTS)

    def trained(self) -> nn.Module:
        """Return a head with random numbers in its float tensors.

        Override it if the tensors must keep a rule.
        """
        head, generator = self.built(), torch.Generator().manual_seed(0)
        with torch.no_grad():
            for value in head.state_dict().values():
                if value.is_floating_point():
                    value.copy_(torch.rand(value.shape, generator=generator) + 0.1)
        return head


def _features(rows: int) -> Tensor:
    return torch.randn(rows, FEATURES, generator=torch.Generator().manual_seed(rows))


def _run(head: nn.Module, x: Tensor) -> Tensor:
    with torch.inference_mode():
        outputs: Tensor = head.eval()(x)
    return outputs
