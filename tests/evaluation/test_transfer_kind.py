"""The kind of transfer follows from the images that the delivered strategy learned from."""

from __future__ import annotations

import pytest

from autotl.api import ROLES
from autotl.evaluation.transfer_kind import KINDS, transfer_kind


@pytest.mark.parametrize(
    ("roles", "kind"),
    [
        ((), "inductive transfer"),
        (("unlabelled",), "self-taught learning"),
        (("source",), "inductive transfer, multi-task"),
        (("unlabelled", "source"), "self-taught learning and inductive transfer, multi-task"),
    ],
)
def test_the_roles_decide(roles: tuple[str, ...], kind: str) -> None:
    assert transfer_kind(roles) == kind
    assert transfer_kind(roles, transfers=False) == ""


def test_each_role_has_a_kind() -> None:
    assert KINDS.keys() == ROLES.keys()
