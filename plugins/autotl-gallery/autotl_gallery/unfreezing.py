"""Gradual unfreezing: from the head down, a stage at a time."""

import torch

from autotl.toolbox import Epochs, Float, InputSize, layout, strategy, train_epoch


@strategy(
    api=2,
    reference="Howard & Ruder, Universal Language Model Fine-tuning, ACL 2018",
    on_request=True,
    image_size=InputSize(epochs=6),
    epochs=Epochs(6),
    lr=Float(1e-3, low=1e-4, high=1e-2, log=True),
)
def gallery_unfreezing(bench, *, image_size, epochs, lr):
    """Unfreeze the stages one by one, from the head down."""
    model, stages = bench.model(), len(bench.backbone.stages)
    optimiser = torch.optim.AdamW(model.parameters(), lr=lr)
    found, named = layout(model), dict(model.named_parameters())
    train_mode = bench.freeze(model, 0)
    bench.track(model, input_size=image_size)
    for epoch in bench.epochs(epochs, model=model, optimiser=optimiser):
        frozen = round(stages * max(0.0, 1 - 2 * epoch / epochs))  # all are trained from the middle on
        train_mode(model)
        for depth, names in enumerate(found.parameters):
            for name in names:
                named[name].requires_grad_(depth >= frozen)
        yield from train_epoch(bench, model, optimiser, input_size=image_size, epoch=epoch)
        yield bench.score(model, input_size=image_size)
