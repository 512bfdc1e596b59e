"""A head is described by plain data, which is checked when it is read."""

from __future__ import annotations

from typing import Any

import pytest

from autotl.api import HeadSpec
from autotl.errors import TrainingError
from autotl.heads import HeadForm, check_spec

FORM = HeadForm(HeadSpec("mlp", {"hidden": 5}, ("layer1",)), 9, 3, "autotl", (1,))


def test_a_form_survives_json() -> None:
    assert HeadForm.of(FORM.document()) == FORM


@pytest.mark.parametrize(
    "edit",
    [
        {"kind": 3},
        {"kind": None},
        {"arguments": []},
        {"stages": "layer1"},
        {"stages": [1]},
        {"stages": ["layer1", "layer2", "layer1"]},
        {"axes": []},
        {"axes": [0]},
        {"axes": [4]},
        {"axes": None},
        {"axes": ["1"]},
        {"axes": [[1]]},
        {"features": 0},
        {"features": True},
        {"outputs": "3"},
        {"outputs": 10**9},
        {"package": 1},
        {"package": "a b"},
        {"package": "autotl-trees; run this"},
        {"package": "autotl\n"},
        {"package": "a" * 101},
    ],
)
def test_an_edited_form_is_refused(edit: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(edit))):
        HeadForm.of({**FORM.document(), **edit})


def test_a_document_must_be_an_object() -> None:
    with pytest.raises(ValueError, match="must be a JSON object"):
        HeadForm.of([])


def test_arguments_must_be_json_values() -> None:
    with pytest.raises(TrainingError, match="must be JSON values"):
        check_spec(HeadSpec("mlp", {"hidden": {1, 2}}))
    assert check_spec(HeadSpec("mlp", {"widths": (1, 2)})).arguments == {"widths": [1, 2]}


def test_a_stage_must_be_named_once() -> None:
    with pytest.raises(TrainingError, match=r"must be different \(got 'layer1' twice\)"):
        check_spec(HeadSpec("mlp", {"hidden": 2}, ("layer1", "layer1")))


def test_a_spec_must_be_one() -> None:
    with pytest.raises(TrainingError, match="must be a HeadSpec"):
        check_spec("mlp")  # type: ignore[arg-type]
