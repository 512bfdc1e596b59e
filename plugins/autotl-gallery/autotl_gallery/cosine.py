"""Cosine prototypes: the class whose mean direction is nearest."""

import torch
from torch.nn.functional import normalize, one_hot

from autotl.toolbox import Float, InputSize, strategy


@strategy(
    api=2,
    reference="Chen et al., A Closer Look at Few-shot Classification, ICLR 2019",
    trained=0.0,
    deterministic=True,
    on_request=True,
    targets=("single_label",),
    sharpness=Float(10.0, low=1.0, high=50.0, log=True),
    image_size=InputSize(),
)
def gallery_cosine(bench, *, sharpness, image_size):
    """Predict the class whose mean of normalised features is nearest in direction."""
    x, labels = bench.features(input_size=image_size).train, bench.targets().train
    rows = bench.weights()
    member = one_hot(labels, bench.task.target.outputs).float()
    member = member if rows is None else member * rows[:, None]
    centre = x.mean(0)
    means = normalize(member.T @ normalize(x - centre, dim=1), dim=1)  # (classes, features)
    # a linear head cannot divide by an image's own length, so the mean length stands for it
    weight = sharpness * means / torch.linalg.vector_norm(x - centre, dim=1).mean()
    yield bench.score_head(weight, -weight @ centre, input_size=image_size)
