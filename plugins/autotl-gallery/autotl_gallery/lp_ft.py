"""Linear probe, then fine-tuning at a lower rate."""

import torch

from autotl.toolbox import PROBE, Epochs, Float, InputSize, set_head, strategy, train_epoch


@strategy(
    api=2,
    reference="Kumar et al., Fine-Tuning can Distort Pretrained Features, ICLR 2022",
    on_request=True,
    image_size=InputSize(epochs=6),
    epochs=Epochs(6),
    lr=Float(3e-4, low=1e-5, high=1e-2, log=True),
)
def gallery_lp_ft(bench, *, image_size, epochs, lr):
    """Fit a linear probe, then train all layers at a lower rate."""
    model = bench.model()
    ((weight, bias),) = bench.linear_heads([PROBE], input_size=image_size)
    set_head(model, weight, bias)
    train_mode = bench.freeze(model, 0)
    optimiser = torch.optim.AdamW(model.parameters(), lr=lr)
    bench.track(model, input_size=image_size)
    for epoch in bench.epochs(epochs, model=model, optimiser=optimiser):
        train_mode(model)
        yield from train_epoch(bench, model, optimiser, input_size=image_size, epoch=epoch)
        yield bench.score(model, input_size=image_size)
