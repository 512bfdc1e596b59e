"""L2-SP: a penalty on the distance from the pretrained weights."""

import torch

from autotl.toolbox import Epochs, Float, InputSize, heads, strategy, train_epoch


@strategy(
    api=2,
    reference="Li, Grandvalet & Davoine, Explicit Inductive Bias for Transfer Learning, ICML 2018",
    on_request=True,
    image_size=InputSize(epochs=6),
    epochs=Epochs(6),
    lr=Float(1e-3, low=1e-4, high=1e-2, log=True),
    strength=Float(0.01, low=1e-4, high=1.0, log=True),
)
def gallery_l2_sp(bench, *, image_size, epochs, lr, strength):
    """Train all layers, with a penalty on the distance from the source."""
    model = bench.model()
    train_mode = bench.freeze(model, 0)
    head = {id(value) for each in heads(model) for value in each.parameters()}
    body = [(value, value.detach().clone()) for value in model.parameters() if id(value) not in head]
    optimiser = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=0.0)
    bench.track(model, input_size=image_size)

    def penalty():
        return 0.5 * strength * sum(((value - start) ** 2).sum() for value, start in body)

    for epoch in bench.epochs(epochs, model=model, optimiser=optimiser):
        train_mode(model)
        yield from train_epoch(bench, model, optimiser, input_size=image_size, epoch=epoch, penalty=penalty)
        yield bench.score(model, input_size=image_size)
