"""Keep the search to networks that are fast and small enough."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from safetensors.torch import save
from torch import nn

from autotl.api import Backbone, Weights
from autotl.backbone import create, data_config, latency_of, sides_of
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
        sides: The image sizes that are fast enough, ascending.
    """

    facts: Backbone
    size: int
    fastest: float | None
    sides: tuple[int, ...]

    def reason_against(self, limits: Limits) -> str:
        """Return why the backbone exceeds the limits; "" if it does not."""
        if limits.size is not None and self.size > limits.size:
            return _too_large(self.size, limits.size)
        if limits.latency is not None and self.fastest is not None and not self.sides:
            return _too_slow(self.fastest, self.facts.sides[0], limits.latency)
        return ""

    def within(self) -> Backbone:
        """Return the backbone with the image sizes that are fast enough."""
        if self.fastest is None:
            return self.facts
        side = max((each for each in self.sides if each <= self.facts.side), default=self.sides[0])
        return replace(self.facts, sides=self.sides, side=side)


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
        if limits.latency is not None and (slow := each.facts.sides[len(each.sides) :]):
            notes.append(
                f"{name} is not searched at {_listed(slow)} px: one image would take more than the "
                f"{in_ms(limits.latency)} allowed."
            )
    notes += [f"{name} is not searched: {why}." for name, why in aside.items()]
    return WithinLimits({name: each.within() for name, each in kept.items()}, aside, tuple(notes))


def limit_check(
    limits: Limits, *, side: int, image_size: int | None, classes: int, device: str, clock: Clock
) -> Callable[[str], str | None]:
    """Return a function that gives the reason against a timm model.

    It returns None for a model within the limits.

    The function builds the architecture alone, so no weights are downloaded before.

    Args:
        limits: The limits.
        side: The median shorter side of the images, in pixels.
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
        fastest = image_size if image_size and not config.fixed else sides_of(config, side)[0]
        took = latency_of(to_device(model, device), side=fastest, clock=clock)
        return _too_slow(took, fastest, limits.latency) if took > limits.latency else None

    return reason_against


def _measure(limits: Limits, facts: Backbone, *, classes: int, device: str, clock: Clock) -> _Measured:
    """Measure the size of a backbone, and its latency by image size."""
    model = create(facts.weights, classes=classes)
    size = _size_of(model)
    if limits.latency is None:
        return _Measured(facts, size, None, facts.sides)
    model = to_device(model, device)
    fastest: float | None = None
    sides: list[int] = []
    for side in facts.sides:
        took = latency_of(model, side=side, clock=clock)
        fastest = took if fastest is None else fastest
        if took > limits.latency:
            break  # larger images take longer
        sides.append(side)
    return _Measured(facts, size, fastest, tuple(sides))


def _size_of(model: nn.Module) -> int:
    """Return the bytes of the network's weights file."""
    state = {name: value.contiguous() for name, value in model.state_dict().items()}
    return len(save(state, {"format": "pt"}))


def _too_large(size: int, allowed: int) -> str:
    return f"its weights take {in_mb(size)}, more than the {in_mb(allowed)} allowed"


def _too_slow(took: float, side: int, allowed: float) -> str:
    return (
        f"one image takes {in_ms(took)} at {side} px, its fastest image size, more than the {in_ms(allowed)} "
        "allowed"
    )


def _none_left(limits: Limits, measured: Mapping[str, _Measured]) -> str:
    """Word the error for limits that no backbone meets."""
    reasons = []
    if limits.latency is not None:
        name, each = min(measured.items(), key=lambda item: item[1].fastest or 0.0)
        reasons.append(
            f"{in_ms(limits.latency)} for one image (the fastest, {name}, takes "
            f"{in_ms(each.fastest or 0.0)} at {each.facts.sides[0]} px)"
        )
    if limits.size is not None:
        name, each = min(measured.items(), key=lambda item: item[1].size)
        reasons.append(f"{in_mb(limits.size)} of weights (the smallest, {name}, takes {in_mb(each.size)})")
    return (
        f"No backbone meets the limits on this machine: {' and '.join(reasons)}. Allow more, or name a "
        "smaller backbone with --backbone."
    )


def _listed(sides: tuple[int, ...]) -> str:
    *most, last = map(str, sides)
    return f"{', '.join(most)} and {last}" if most else last
