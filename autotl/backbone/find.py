"""Find the source that has a backbone by its name, or choose backbones that suit a machine and a budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches

from autotl.api import BackboneSource, Weights
from autotl.backbone import hub
from autotl.clock import format_duration
from autotl.errors import FAILURES, AutotlError, UnknownName, WeightsError, described
from autotl.importing.vision import timm


@dataclass(frozen=True, slots=True)
class Preference:
    """A backbone that is known to transfer well.

    Attributes:
        name: Its name, as a user would give it.
        arithmetic: Multiply-adds for one image at 224 px, in 10⁹.
        gpu: Whether it is worth its time on an accelerator only.
        installed: Whether its weights come with a package instead of from the hub.
    """

    name: str
    arithmetic: float
    gpu: bool = False
    installed: bool = False


# From the strongest to the lightest. Large ones: published comparisons of transfer (Goldblum et al. 2023,
# "Battle of the Backbones": supervised ConvNeXt first at every size, small ViTs behind). Small ones: ImageNet
# top-1 (77.5, 76.7, 74.8, 75.8, 67.7), which predicts transfer (Kornblith et al. 2019). An installed backbone
# comes before one of about the same accuracy on the hub: the same command then gives the same offline.
PREFERENCES = (
    Preference("convnext_tiny.in12k_ft_in1k", 4.5, gpu=True),
    Preference("resnet50.a1_in1k", 4.1, gpu=True),
    Preference("vit_small_patch16_224.augreg_in21k_ft_in1k", 4.6, gpu=True),
    Preference("efficientnet_lite2", 0.58, installed=True),
    Preference("efficientnet_lite1", 0.50, installed=True),
    Preference("efficientnet_lite0", 0.39, installed=True),
    Preference("mobilenetv3_large_100.ra_in1k", 0.22),
    Preference("mobilenetv3_small_100.lamb_in1k", 0.06),
)
RATE_CPU, RATE_ACCELERATOR = 20.0, 2000.0  # 10⁹ multiply-adds a second, roughly
PASSES = 30.0  # forward passes' worth of arithmetic that a search spends on each image, at the least
SMALLEST = 0.2  # arithmetic at the smallest image size, against 224 px
SHARE = 0.5  # of the budget
SEVERAL = 600.0  # seconds from which two backbones are worth comparing


def find(name: str, sources: Mapping[str, BackboneSource]) -> Weights:
    """The weights called ``name``, from the first source (by name) that opens it."""
    for _, source in sorted(sources.items()):
        with _told_of(source, name):
            if source.opens(name):
                return _checked(source.open(name))
    near = get_close_matches(name, timm.list_models(), n=3)
    offers = {offer for source in sources.values() for offer in source.offers()}
    raise UnknownName(
        "backbone", name, offers | {n for n in near if any(s.opens(n) for s in sources.values())}
    )


def candidates(
    sources: Mapping[str, BackboneSource],
    *,
    device: str,
    seconds: float | None,
    images: int,
    cached: Callable[[str], object] = hub.cached,
    beyond: Callable[[str], str | None] = lambda _: None,
) -> tuple[list[Weights], list[str]]:
    """Choose backbones for a user who names none: the strongest that the device and the budget allow.

    A source that fails once is asked no more, except for weights that ``cached`` finds on this machine, so
    being offline costs one attempt. If the budget allows none, the lightest installed one is taken: fewer
    images then pass through it.

    Args:
        sources: Backbone sources by name.
        device: Where the search runs, such as ``"cpu"`` or ``"cuda:0"``.
        seconds: The budget of the search; None is no limit.
        images: How many images there are.
        cached: Returns something true for a timm model whose weights are on this machine.
        beyond: Returns why a model exceeds the user's limits, None if it does not.

    Returns:
        The weights, best first (two for long budgets), and sentences on what was chosen or passed over.

    Raises:
        WeightsError: No backbone can be opened here.
    """
    wanted = 2 if seconds is None or seconds >= SEVERAL else 1
    shop = _Shop(sources, cached)
    chosen: list[Weights] = []
    allowed: list[Preference] = []
    for preference in PREFERENCES:
        if len(chosen) == wanted or _is_too_slow(preference, device) or not shop.has(preference):
            continue
        if (why := beyond(preference.name)) is None:
            allowed.append(preference)
            why = _too_much(preference, device=device, seconds=seconds, images=images)
        if why is not None:
            shop.notes.append(f"{preference.name} was passed over: {why}.")
        elif weights := shop.open(preference):
            chosen.append(weights)
    reason = "the strongest available backbone for this device and budget"
    if not chosen:
        reason = "the lightest available backbone, because the budget is short for so many images"
        every = [each for each in PREFERENCES if not each.gpu]
        for preference in sorted(allowed or every, key=lambda each: (not each.installed, each.arithmetic)):
            if not chosen and shop.has(preference) and (weights := shop.open(preference)):
                chosen.append(weights)
    if not chosen:
        why = " ".join(["No pretrained backbone can be opened here.", *shop.notes])
        raise WeightsError(f"{why} {hub.WAYS_OUT}")
    names = " and ".join(each.name for each in chosen)
    return chosen, [*shop.notes, f"Uses {names}: {reason}. Name others with --backbone."]


@contextmanager
def _told_of(source: BackboneSource, name: str) -> Iterator[None]:
    """Turn what a source raises into WeightsError, but for autotl's own errors."""
    try:
        yield
    except AutotlError:
        raise
    except FAILURES as error:  # a stranger's code
        raise WeightsError(
            f"The backbone source {source.name} failed on {name!r}: {described(error)}. "
            f"Leave it out with --without {source.name}, or choose another backbone."
        ) from error


def _checked(found: Weights) -> Weights:
    if not isinstance(found, Weights):
        raise TypeError(f"open() gave a {type(found).__name__}, and an autotl.api.Weights is expected")
    return found


class _Shop:
    """Opens preferred backbones and remembers which sources failed."""

    def __init__(self, sources: Mapping[str, BackboneSource], cached: Callable[[str], object]) -> None:
        self._sources, self._cached = sources, cached
        self._failed: set[str] = set()
        """Sources on the network that failed, and installed backbones that cannot be opened."""
        self.notes: list[str] = []

    def has(self, preference: Preference) -> bool:
        source = self._source(preference)
        if source is None:
            return False
        if preference.installed:  # a package that is not installed is no choice, and nothing to report
            return preference.name in self._sources[source].offers() and preference.name not in self._failed
        return source not in self._failed or bool(self._cached(preference.name))

    def open(self, preference: Preference) -> Weights | None:
        source = self._source(preference)
        try:
            if source is None:
                return None
            with _told_of(self._sources[source], preference.name):
                return _checked(self._sources[source].open(preference.name))
        except WeightsError as error:
            if preference.installed:
                self._failed.add(preference.name)
                self.notes.append(f"{preference.name} was passed over: {error}")
            else:
                self._failed.add(str(source))
                self.notes.append(f"{preference.name} and others of {source} were passed over: {error}")
            return None

    def _source(self, preference: Preference) -> str | None:
        return next((k for k, each in sorted(self._sources.items()) if each.opens(preference.name)), None)


def _is_too_slow(preference: Preference, device: str) -> bool:
    return preference.gpu and device.startswith("cpu")


def _too_much(preference: Preference, *, device: str, seconds: float | None, images: int) -> str | None:
    if seconds is None:
        return None
    rate = RATE_CPU if device.startswith("cpu") else RATE_ACCELERATOR
    needed = images * preference.arithmetic * SMALLEST * PASSES / rate
    if needed > SHARE * seconds:
        return (
            f"on {images} images it would take at least {format_duration(needed)}, "
            f"and the budget is {format_duration(seconds)}"
        )
    return None
