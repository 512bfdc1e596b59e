"""Ridge classifier: least squares on one-hot labels, in closed form."""

import torch
from torch.nn.functional import one_hot

from autotl.toolbox import Float, InputSize, strategy


@strategy(
    api=2,
    reference="Hastie, Tibshirani & Friedman, The Elements of Statistical Learning, 2009, section 4.2",
    trained=0.0,
    deterministic=True,
    on_request=True,
    targets=("single_label",),
    penalty=Float(1.0, low=1e-3, high=1e3, log=True),
    sharpness=Float(5.0, low=1.0, high=20.0),
    image_size=InputSize(),
)
def gallery_ridge(bench, *, penalty, sharpness, image_size):
    """Fit a ridge regression of one-hot labels on frozen features."""
    x, labels = bench.features(input_size=image_size).train, bench.targets().train
    y = one_hot(labels, bench.task.target.outputs).float()
    rows = bench.weights()
    rows = torch.ones(len(x)) if rows is None else rows
    centre, mean = (rows @ x) / rows.sum(), (rows @ y) / rows.sum()
    scale = x.std(0).clamp(min=1e-6)
    z = (x - centre) / scale
    gram = (z * rows[:, None]).T @ z + penalty * len(z) / 100 * torch.eye(z.shape[1])
    weight = torch.linalg.solve(gram, (z * rows[:, None]).T @ (y - mean)).T / scale
    yield bench.score_head(sharpness * weight, sharpness * (mean - weight @ centre), input_size=image_size)
