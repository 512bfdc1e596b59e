"""Discriminative rates: each stage learns slower than the next one."""

import torch

from autotl.toolbox import Epochs, Float, InputSize, layout, strategy, train_epoch


@strategy(
    api=2,
    reference="Howard & Ruder, Universal Language Model Fine-tuning, ACL 2018",
    on_request=True,
    image_size=InputSize(epochs=6),
    epochs=Epochs(6),
    lr=Float(1e-3, low=1e-4, high=1e-2, log=True),
    decay=Float(0.5, low=0.2, high=1.0),
)
def gallery_discriminative(bench, *, image_size, epochs, lr, decay):
    """Train all stages, each at a lower rate than the next."""
    model = bench.model()
    train_mode = bench.freeze(model, 0)
    named, found = dict(model.named_parameters()), layout(model)
    stages = [[named.pop(name) for name in names if name in named] for names in found.parameters]
    groups = [
        {"params": values, "lr": lr * decay ** (len(stages) - depth)} for depth, values in enumerate(stages)
    ]
    optimiser = torch.optim.AdamW([*groups, {"params": [*named.values()], "lr": lr}])
    bench.track(model, input_size=image_size)
    for epoch in bench.epochs(epochs, model=model, optimiser=optimiser):
        train_mode(model)
        yield from train_epoch(bench, model, optimiser, input_size=image_size, epoch=epoch)
        yield bench.score(model, input_size=image_size)
