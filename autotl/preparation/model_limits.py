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
    """The ``backbones`` that keep to the limits, with the image sizes that do; ``aside`` says of the others
    why not, and ``notes`` which image sizes were taken out.
    """

    backbones: dict[str, Backbone]
    aside: Mapping[str, str]
    notes: tuple[str, ...] = ()


def filter_by_limits(
    limits: Limits, backbones: Mapping[str, Backbone], *, classes: int, device: str, clock: Clock
) -> WithinLimits:
    """Take out the image sizes at which a network with a head for so many ``classes`` would be too slow, and
    the backbones that are too large or too slow at every size.

    Each is measured on ``device``. Raises LimitError where nothing is left.
    """
    if limits == Limits():
        return WithinLimits(dict(backbones), {})
    kept: dict[str, Backbone] = {}
    aside: dict[str, str] = {}
    notes: list[str] = []
    sizes: dict[str, int] = {}
    fastest: dict[str, tuple[float, int]] = {}
    for name, facts in backbones.items():
        model = create(facts.weights, classes=classes)
        sizes[name] = _size_of(model)
        model = to_device(model, device)
        sides: list[int] = []
        for side in facts.sides if limits.latency is not None else ():
            took = latency_of(model, side=side, clock=clock)
            fastest.setdefault(name, (took, side))
            if limits.latency is not None and took > limits.latency:
                break  # larger images take longer
            sides.append(side)
        if limits.size is not None and sizes[name] > limits.size:
            aside[name] = _too_large(sizes[name], limits.size)
        elif limits.latency is None:
            kept[name] = facts
        elif not sides:
            aside[name] = _too_slow(*fastest[name], limits.latency)
        else:
            if gone := facts.sides[len(sides) :]:
                notes.append(
                    f"{name} is not searched at {_listed(gone)} px: one image would take more than the "
                    f"{in_ms(limits.latency)} allowed."
                )
            side = max((each for each in sides if each <= facts.side), default=sides[0])
            kept[name] = replace(facts, sides=tuple(sides), side=side)
    if not kept:
        raise LimitError(_nothing(limits, sizes, fastest))
    notes += [f"{name} is not searched: {why}." for name, why in aside.items()]
    return WithinLimits(kept, aside, tuple(notes))


def screen(
    limits: Limits, *, side: int, image_size: int | None, classes: int, device: str, clock: Clock
) -> Callable[[str], str | None]:
    """Says of a timm model, by its name, why it cannot keep to the limits, None where it can: from its
    architecture alone, so that nothing is fetched in vain.

    ``side`` is that of the data's images; ``image_size`` the only one to use, if there is one.
    """

    def beyond(name: str) -> str | None:
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

    return beyond


def _size_of(model: nn.Module) -> int:
    """The bytes of the file that the network's weights will be in."""
    state = {name: value.contiguous() for name, value in model.state_dict().items()}
    return len(save(state, {"format": "pt"}))


def _too_large(size: int, allowed: int) -> str:
    return f"its weights take {in_mb(size)}, more than the {in_mb(allowed)} allowed"


def _too_slow(took: float, side: int, allowed: float) -> str:
    return (
        f"one image takes {in_ms(took)} at {side} px, its fastest image size, more than the {in_ms(allowed)} "
        "allowed"
    )


def _nothing(limits: Limits, sizes: Mapping[str, int], fastest: Mapping[str, tuple[float, int]]) -> str:
    told = []
    if limits.latency is not None:
        name = min(fastest, key=lambda each: fastest[each][0])
        took, side = fastest[name]
        told.append(
            f"{in_ms(limits.latency)} for one image (the fastest, {name}, takes {in_ms(took)} at {side} px)"
        )
    if limits.size is not None:
        name = min(sizes, key=lambda each: sizes[each])
        told.append(f"{in_mb(limits.size)} of weights (the smallest, {name}, takes {in_mb(sizes[name])})")
    return (
        f"No backbone meets the limits on this machine: {' and '.join(told)}. Allow more, or name a smaller "
        "one with --backbone."
    )


def _listed(sides: tuple[int, ...]) -> str:
    *most, last = map(str, sides)
    return f"{', '.join(most)} and {last}" if most else last
