"""Quick-Tune-Tool's documented search space for image classification, less what cannot work here."""

from __future__ import annotations

from ConfigSpace import (
    Categorical,
    ConfigurationSpace,
    Constant,
    EqualsCondition,
    InCondition,
    OrdinalHyperparameter,
)

EPOCHS = 50
"""The length of the published schedule; the settings counted in epochs are meant for it."""


def space(model: str, *, epochs: int, images: int, cuda: bool, seed: int) -> ConfigurationSpace:
    """The settings to choose from for one model, ``images`` training images and a schedule of ``epochs``.

    Left out, besides other models: ``sp-reg``, with which fimm fails unless there are as many classes as the
    checkpoint has; batches of more images than there are, of which fimm drops all; and, without CUDA, half
    precision and ``stoch-norm``, which call it. Settings counted in epochs shrink with the schedule.
    """

    def one_of(name: str, *values: float) -> OrdinalHyperparameter:
        return OrdinalHyperparameter(name, list(values))

    def shrunk(*values: int, least: int) -> list[int]:
        return sorted({max(least, round(value * epochs / EPOCHS)) for value in values})

    batches = [size for size in (2, 4, 8, 16, 32, 64, 128, 256, 512) if size <= images]
    always = [
        Constant("model", model),
        one_of("mixup", 0.0, 0.2, 0.4, 1.0, 2.0, 4.0, 8.0),
        one_of("mixup-prob", 0.0, 0.25, 0.5, 0.75, 1.0),
        one_of("cutmix", 0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0),
        one_of("drop", 0.0, 0.1, 0.2, 0.3, 0.4),
        one_of("smoothing", 0.0, 0.05, 0.1),
        one_of("clip-grad", 0, 1, 10),
        one_of("pct-to-freeze", 0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
        one_of("layer-decay", 0.0, 0.65, 0.75),
        one_of("linear-probing", 0, 1),
        one_of("delta-reg", 0.0, 0.0001, 0.001, 0.01, 0.1),
        one_of("bss-reg", 0.0, 0.0001, 0.001, 0.01, 0.1),
        one_of("cotuning-reg", 0.0, 0.5, 1.0, 2.0, 4.0),
        one_of("lr", 1e-05, 5e-05, 0.0001, 0.0005, 0.001, 0.005, 0.01),
        one_of("warmup-epochs", *shrunk(0, 5, 10, least=0)),
        one_of("warmup-lr", 0.0, 1e-06, 1e-05),
        one_of("weight-decay", 0, 1e-05, 0.0001, 0.001, 0.01, 0.1),
        one_of("batch-size", *batches),
        Categorical("opt", ["sgd", "momentum", "adam", "adamw", "adamp"]),
    ]
    if cuda:
        always += [one_of("amp", 0, 1), one_of("stoch-norm", 0, 1)]
    schedule = Categorical("sched", ["cosine", "step", "multistep", "plateau"])
    patience = one_of("patience-epochs", *shrunk(2, 5, 10, least=1))
    decay = one_of("decay-rate", 0.1, 0.5)
    every = one_of("decay-epochs", *shrunk(10, 20, least=1))
    augment = Categorical("data-augmentation", ["auto-augment", "random-augment", "trivial-augment", "none"])
    policy = Categorical("auto-augment", ["v0", "original"])
    operations, magnitude = one_of("ra-num-ops", 2, 3), one_of("ra-magnitude", 9, 17)
    result = ConfigurationSpace("image-classification", seed=seed)
    result.add(*always, schedule, patience, decay, every, augment, policy, operations, magnitude)
    result.add(
        EqualsCondition(patience, schedule, "plateau"),
        InCondition(decay, schedule, ["step", "multistep"]),
        InCondition(every, schedule, ["step", "multistep"]),
        EqualsCondition(policy, augment, "auto-augment"),
        EqualsCondition(operations, augment, "random-augment"),
        EqualsCondition(magnitude, augment, "random-augment"),
    )
    return result
