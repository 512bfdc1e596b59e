"""Define Quick-Tune-Tool's documented search space for image classification."""

from __future__ import annotations

from typing import Any

from ConfigSpace import (
    Categorical,
    ConfigurationSpace,
    Constant,
    EqualsCondition,
    InCondition,
    OrdinalHyperparameter,
)

EPOCHS = 50
"""Length of the published schedule, to which settings in epochs refer."""


def space(model: str, *, epochs: int, images: int, cuda: bool, seed: int) -> ConfigurationSpace:
    """Return the search space of one model.

    It lacks other models, ``sp-reg`` (fimm fails with it unless the number of classes is that of the
    checkpoint) and batches larger than the training set, which fimm drops. Without CUDA, it lacks half
    precision and ``stoch-norm``, which need CUDA.

    Args:
        model: Name of the model in timm.
        epochs: Length of the schedule; settings in epochs are scaled to it.
        images: Number of training images.
        cuda: Whether the device is a CUDA device.
        seed: Seed of the random configurations.
    """
    schedule = Categorical("sched", ["cosine", "step", "multistep", "plateau"])
    patience = _ordinal("patience-epochs", *_scaled(2, 5, 10, epochs=epochs, minimum=1))
    decay = _ordinal("decay-rate", 0.1, 0.5)
    interval = _ordinal("decay-epochs", *_scaled(10, 20, epochs=epochs, minimum=1))
    augmentation = Categorical(
        "data-augmentation", ["auto-augment", "random-augment", "trivial-augment", "none"]
    )
    policy = Categorical("auto-augment", ["v0", "original"])
    operations, magnitude = _ordinal("ra-num-ops", 2, 3), _ordinal("ra-magnitude", 9, 17)
    result = ConfigurationSpace("image-classification", seed=seed)
    result.add(*_unconditional(model, epochs=epochs, images=images, cuda=cuda))
    result.add(schedule, patience, decay, interval, augmentation, policy, operations, magnitude)
    result.add(
        EqualsCondition(patience, schedule, "plateau"),
        InCondition(decay, schedule, ["step", "multistep"]),
        InCondition(interval, schedule, ["step", "multistep"]),
        EqualsCondition(policy, augmentation, "auto-augment"),
        EqualsCondition(operations, augmentation, "random-augment"),
        EqualsCondition(magnitude, augmentation, "random-augment"),
    )
    return result


def _unconditional(model: str, *, epochs: int, images: int, cuda: bool) -> list[Any]:
    """Return the parameters without conditions."""
    batches = [size for size in (2, 4, 8, 16, 32, 64, 128, 256, 512) if size <= images]
    parameters = [
        Constant("model", model),
        _ordinal("mixup", 0.0, 0.2, 0.4, 1.0, 2.0, 4.0, 8.0),
        _ordinal("mixup-prob", 0.0, 0.25, 0.5, 0.75, 1.0),
        _ordinal("cutmix", 0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0),
        _ordinal("drop", 0.0, 0.1, 0.2, 0.3, 0.4),
        _ordinal("smoothing", 0.0, 0.05, 0.1),
        _ordinal("clip-grad", 0, 1, 10),
        _ordinal("pct-to-freeze", 0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
        _ordinal("layer-decay", 0.0, 0.65, 0.75),
        _ordinal("linear-probing", 0, 1),
        _ordinal("delta-reg", 0.0, 0.0001, 0.001, 0.01, 0.1),
        _ordinal("bss-reg", 0.0, 0.0001, 0.001, 0.01, 0.1),
        _ordinal("cotuning-reg", 0.0, 0.5, 1.0, 2.0, 4.0),
        _ordinal("lr", 1e-05, 5e-05, 0.0001, 0.0005, 0.001, 0.005, 0.01),
        _ordinal("warmup-epochs", *_scaled(0, 5, 10, epochs=epochs, minimum=0)),
        _ordinal("warmup-lr", 0.0, 1e-06, 1e-05),
        _ordinal("weight-decay", 0, 1e-05, 0.0001, 0.001, 0.01, 0.1),
        _ordinal("batch-size", *batches),
        Categorical("opt", ["sgd", "momentum", "adam", "adamw", "adamp"]),
    ]
    if cuda:
        parameters += [_ordinal("amp", 0, 1), _ordinal("stoch-norm", 0, 1)]
    return parameters


def _ordinal(name: str, *values: float) -> OrdinalHyperparameter:
    return OrdinalHyperparameter(name, list(values))


def _scaled(*values: int, epochs: int, minimum: int) -> list[int]:
    """Return the distinct values scaled from the published schedule to ``epochs``."""
    return sorted({max(minimum, round(value * epochs / EPOCHS)) for value in values})
