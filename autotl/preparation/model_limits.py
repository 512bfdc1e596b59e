"""Keep the search to networks that are fast and small enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from safetensors.torch import save
from torch import nn

from autotl.api import Backbone, Weights
from autotl.backbone import create, data_config, input_sizes_of, latency_of
from autotl.clock import Clock
from autotl.config.limits import Limits, in_mb, in_ms
from autotl.errors import LimitError
from autotl.training import to_device


@dataclass(frozen=True, slots=True)
class WithinLimits:
    """The backbones that meet the limits.

    Attributes:
        backbones: The backbones by name, with the image sizes that meet the limits.
        aside: The reasons against the others, by name.
        notes: Sentences on the others and on image sizes that are too slow.
    """

    backbones: dict[str, Backbone]
    aside: Mapping[str, str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Measured:
    """A backbone's measured size and speed.

    Attributes:
        facts: The backbone.
        size: The bytes of its weights file.
        fastest: The seconds for one image at its smallest image size; None without a limit.
        input_sizes: The image sizes that are fast enough, ascending.
    """

    facts: Backbone
    size: int
    fastest: float | None
    input_sizes: tuple[int, ...]

    def reason_against(self, limits: Limits) -> str:
        """Return why the backbone exceeds the limits; "" if it does not."""
        if limits.size is not None and self.size > limits.size:
            return _too_large(self.size, limits.size)
        if limits.latency is not None and self.fastest is not None and not self.input_sizes:
            return _too_slow(self.fastest, self.facts.input_sizes[0], limits.latency)
        return ""

    def within(self) -> Backbone:
        """Return the backbone with the image sizes that are fast enough."""
        if self.fastest is None:
            return self.facts
        input_size = max(
            (each for each in self.input_sizes if each <= self.facts.input_size), default=self.input_sizes[0]
        )
        return replace(self.facts, input_sizes=self.input_sizes, input_size=input_size)


def filter_by_limits(
    limits: Limits, backbones: Mapping[str, Backbone], *, classes: int, device: str, clock: Clock
) -> WithinLimits:
    """Remove backbones and image sizes that exceed the limits on this machine.

    Args:
        limits: The limits.
        backbones: The backbones, by name.
        classes: The outputs of the head.
        device: The device on which latencies are measured.
        clock: The clock of the measurement.

    Raises:
        LimitError: No backbone is left.
    """
    if limits == Limits():
        return WithinLimits(dict(backbones), {})
    measured = {
        name: _measure(limits, facts, classes=classes, device=device, clock=clock)
        for name, facts in backbones.items()
    }
    aside = {name: why for name, each in measured.items() if (why := each.reason_against(limits))}
    kept = {name: each for name, each in measured.items() if name not in aside}
    if not kept:
        raise LimitError(_none_left(limits, measured))
    notes = []
    for name, each in kept.items():
        if limits.latency is not None and (slow := each.facts.input_sizes[len(each.input_sizes) :]):
            notes.append(
                f"{name} is not searched at {_listed(slow)} px: one image would take more than the "
                f"{in_ms(limits.latency)} allowed."
            )
    notes += [f"{name} is not searched: {why}." for name, why in aside.items()]
    return WithinLimits({name: each.within() for name, each in kept.items()}, aside, tuple(notes))


def limit_check(
    limits: Limits, *, typical_size: int, image_size: int | None, classes: int, device: str, clock: Clock
) -> Callable[[str], str | None]:
    """Return a function that gives the reason against a timm model.

    It returns None for a model within the limits.

    The function builds the architecture alone, so no weights are downloaded before.

    Args:
        limits: The limits.
        typical_size: The median shorter side of the images, in pixels.
        image_size: The only image size to use; None if sizes are searched.
        classes: The outputs of the head.
        device: The device on which latencies are measured.
        clock: The clock of the measurement.
    """

    def reason_against(name: str) -> str | None:
        if limits == Limits():
            return None
        model = create(Weights(name, name, "timm", pretrained=False), classes=classes)
        if limits.size is not None and (size := _size_of(model)) > limits.size:
            return _too_large(size, limits.size)
        if limits.latency is None:
            return None
        config = data_config(model)
        fastest = image_size if image_size and not config.fixed else input_sizes_of(config, typical_size)[0]
        took = latency_of(to_device(model, device), input_size=fastest, clock=clock)
        return _too_slow(took, fastest, limits.latency) if took > limits.latency else None

    return reason_against


def _measure(limits: Limits, facts: Backbone, *, classes: int, device: str, clock: Clock) -> _Measured:
    """Measure the size of a backbone, and its latency by image size."""
    model = create(facts.weights, classes=classes)
    size = _size_of(model)
    if limits.latency is None:
        return _Measured(facts, size, None, facts.input_sizes)
    model = to_device(model, device)
    fastest: float | None = None
    input_sizes: list[int] = []
    for input_size in facts.input_sizes:
        took = latency_of(model, input_size=input_size, clock=clock)
        fastest = took if fastest is None else fastest
        if took > limits.latency:
            break  # larger images take longer
        input_sizes.append(input_size)
    return _Measured(facts, size, fastest, tuple(input_sizes))


def _size_of(model: nn.Module) -> int:
    """Return the bytes of the network's weights file."""
    state = {name: value.contiguous() for name, value in model.state_dict().items()}
    return len(save(state, {"format": "pt"}))


def _too_large(size: int, allowed: int) -> str:
    return f"its weights take {in_mb(size)}, more than the {in_mb(allowed)} allowed"


def _too_slow(took: float, input_size: int, allowed: float) -> str:
    return (
        f"one image takes {in_ms(took)} at {input_size} px, its fastest image size, more than the "
        f"{in_ms(allowed)} allowed"
    )


def _none_left(limits: Limits, measured: Mapping[str, _Measured]) -> str:
    """Word the error for limits that no backbone meets."""
    reasons = []
    if limits.latency is not None:
        name, each = min(measured.items(), key=lambda item: item[1].fastest or 0.0)
        reasons.append(
            f"{in_ms(limits.latency)} for one image (the fastest, {name}, takes "
            f"{in_ms(each.fastest or 0.0)} at {each.facts.input_sizes[0]} px)"
        )
    if limits.size is not None:
        name, each = min(measured.items(), key=lambda item: item[1].size)
        reasons.append(f"{in_mb(limits.size)} of weights (the smallest, {name}, takes {in_mb(each.size)})")
    return (
        f"No backbone meets the limits on this machine: {' and '.join(reasons)}. Allow more, or name a "
        "smaller backbone with --backbone."
    )


def _listed(input_sizes: tuple[int, ...]) -> str:
    *most, last = map(str, input_sizes)
    return f"{', '.join(most)} and {last}" if most else last
