"""A row of the experience table.

It is the result of one arm in one past run.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """The best trial of one strategy on one backbone.

    It is that of one run, with properties of the data. Scores are in units of ``metric``, negated if lower is
    better. Sizes are counts of training images.

    Attributes:
        run: Identifier of the run.
        created: Time of the run, in ISO 8601.
        provenance: Origin of the run: "this machine" or "shipped: …".
        data_digest: Digest of the data.
        n_train: Number of training images.
        n_classes: Number of classes, labels or numbers.
        min_per_class: Number of training images in the smallest class or stratum.
        image_side: Median of the shorter sides of the images, in pixels.
        likeness: Similarity of the images to the source data, from 0 (noise) to 1; None if unknown.
        probe_score: Cross-validated score of a linear probe before the search, at most 1; of single labels
            the accuracy.
        strategy: Name of the strategy.
        backbone_architecture: Architecture of the backbone.
        pretrained: Whether the backbone's weights were pretrained.
        metric: Name of the metric.
        score: Validation score; None if no trial has one.
        test: Test score; None if it was not measured.
        rank: Rank of the arm in its run by validation score; 1 is best.
        regret: Validation score of the best arm minus that of this arm, at least 0.
        params: Hyperparameters of the trial, as a JSON object.
        seconds: Seconds spent on the arm.
        budget_seconds: Budget of the run, in seconds; None if it was a number of trials.
        kind: Kind of target.
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
    kind: str = "single_label"
