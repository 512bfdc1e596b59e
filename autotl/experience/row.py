"""What one arm of one past run showed: a row of the table of experience."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """The best trial of one strategy on one backbone in one run, and what the data was like.

    ``run`` names the run and ``created`` is an ISO 8601 time. ``provenance`` says where it was seen: "this
    machine" or "shipped: …". ``probe_score`` is the cross-validated accuracy of a linear probe before the
    search, and ``likeness`` lies between 0 (noise) and 1 (the source's own images). ``score`` and ``test``
    are in units of ``metric``, negated where of it lower is better. ``rank`` is 1 for the run's best arm by
    validation, and ``regret`` how far this arm's validation score lay below that one's. ``params`` are a JSON
    object.
    """

    run: str
    created: str
    provenance: str
    data_digest: str
    n_train: int
    n_classes: int
    min_per_class: int
    image_side: int
    likeness: float | None
    probe_score: float | None
    strategy: str
    backbone_architecture: str
    pretrained: bool
    metric: str
    score: float | None
    test: float | None
    rank: int
    regret: float
    params: str
    seconds: float
    budget_seconds: float | None
