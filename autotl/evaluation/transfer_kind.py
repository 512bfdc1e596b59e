"""Name the kind of transfer of a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from autotl.api import DEPLOY, SOURCE, UNLABELLED

INDUCTIVE = "inductive transfer"
"""The kind of transfer from a pretrained network to the user's labels alone."""
KINDS: Mapping[str, str] = {
    UNLABELLED: "self-taught learning",
    SOURCE: "inductive transfer, multi-task",
    DEPLOY: "transductive transfer",
}
"""The kind of transfer that the images of each role allow, in plain words."""


def transfer_kind(roles: Iterable[str], *, transfers: bool = True) -> str:
    """Return the kind of transfer of a model.

    It is "" if nothing is transferred. The kinds are those of Pan and Yang, A Survey on Transfer Learning,
    TKDE 2010.

    Args:
        roles: Roles of the images besides the labelled ones that its strategy learns from.
        transfers: Whether any of its layers start from pretrained weights.
    """
    if not transfers:
        return ""
    return " and ".join(dict.fromkeys(KINDS.get(role, role) for role in roles)) or INDUCTIVE
