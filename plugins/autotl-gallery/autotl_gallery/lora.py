"""LoRA on convolutions: low-rank updates that are merged before the score."""

import torch
from torch import nn
from torch.nn.utils import parametrize

from autotl.toolbox import Epochs, Float, InputSize, Int, heads, strategy, train_epoch


class LowRank(nn.Module):
    """Adds the product of two thin matrices to a weight; it starts at zero."""

    def __init__(self, weight, rank, draw):
        super().__init__()
        self.down = nn.Parameter(torch.randn(rank, weight[0].numel(), generator=draw).to(weight) / 10)
        self.up = nn.Parameter(torch.zeros(len(weight), rank).to(weight))

    def forward(self, weight):
        return weight + (self.up @ self.down).view_as(weight)


def merge(model, scored):
    """Copy the weights, with their updates, into a stock model."""
    named = dict(model.named_modules())
    with torch.no_grad():
        for name, module in scored.named_modules():
            for key, value in (*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)):
                value.copy_(getattr(named[name], key))


@strategy(
    api=2,
    reference="Hu et al., LoRA: Low-Rank Adaptation of Large Language Models, ICLR 2022",
    on_request=True,
    image_size=InputSize(epochs=6),
    epochs=Epochs(6),
    lr=Float(3e-3, low=1e-4, high=1e-1, log=True),
    rank=Int(4, low=1, high=16, log=True),
)
def gallery_lora(bench, *, image_size, epochs, lr, rank):
    """Train low-rank updates of the convolutions, and the head."""
    model, scored = bench.model(), bench.model()
    train_mode = bench.freeze(model, 0)
    model.requires_grad_(False)
    trained = [value.requires_grad_() for each in heads(model) for value in each.parameters()]
    draw = bench.generator("lora")
    for module in [m for m in model.modules() if isinstance(m, nn.Conv2d) and m.groups == 1]:
        update = LowRank(module.weight, rank, draw)
        parametrize.register_parametrization(module, "weight", update)
        trained += [*update.parameters()]
    optimiser = torch.optim.AdamW(trained, lr=lr)
    bench.note(f"Convolutions got updates of rank {rank}, which are merged into the weights.")
    for epoch in bench.epochs(epochs, model=model, optimiser=optimiser):
        train_mode(model)
        yield from train_epoch(bench, model, optimiser, input_size=image_size, epoch=epoch)
        merge(model, scored)
        yield bench.score(scored, input_size=image_size)
