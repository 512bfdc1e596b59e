"""Norms only: scales, shifts, biases and the head."""

import torch

from autotl.toolbox import Epochs, Float, InputSize, heads, strategy, train_epoch


@strategy(
    api=2,
    reference="Frankle et al., ICLR 2021; Cai et al., TinyTL, NeurIPS 2020",
    on_request=True,
    image_size=InputSize(epochs=6),
    epochs=Epochs(6),
    lr=Float(3e-3, low=1e-4, high=1e-1, log=True),
)
def gallery_norm_only(bench, *, image_size, epochs, lr):
    """Train the normalisation layers, the biases and the head."""
    model = bench.model()
    head = {id(value) for each in heads(model) for value in each.parameters()}
    for value in model.parameters():
        value.requires_grad_(value.ndim == 1 or id(value) in head)
    optimiser = torch.optim.AdamW([v for v in model.parameters() if v.requires_grad], lr=lr)
    bench.track(model, input_size=image_size)
    bench.note("Only vectors and the head were trained.")
    for epoch in bench.epochs(epochs, model=model, optimiser=optimiser):
        model.train()
        yield from train_epoch(bench, model, optimiser, input_size=image_size, epoch=epoch)
        yield bench.score(model, input_size=image_size)
