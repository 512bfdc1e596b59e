"""Last stage only: the earlier ones stay frozen, and are cached."""

import torch

from autotl.toolbox import Epochs, Float, InputSize, strategy, train_epoch


@strategy(
    api=2,
    reference="Yosinski et al., How transferable are features in deep neural networks?, NeurIPS 2014",
    on_request=True,
    image_size=InputSize(epochs=6),
    epochs=Epochs(6),
    lr=Float(1e-3, low=1e-4, high=1e-2, log=True),
)
def gallery_last_stage(bench, *, image_size, epochs, lr):
    """Train the last stage and the head."""
    model = bench.model()
    train_mode = bench.freeze(model, len(bench.backbone.stages) - 1)
    trained = [value for value in model.parameters() if value.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=lr)
    bench.track(model, input_size=image_size)
    for epoch in bench.epochs(epochs, model=model, optimiser=optimiser):
        train_mode(model)
        yield from train_epoch(bench, model, optimiser, input_size=image_size, epoch=epoch)
        yield bench.score(model, input_size=image_size)
