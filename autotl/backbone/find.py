"""Find a backbone by name, or choose some by budget."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
        gpu: Whether it needs an accelerator to be fast enough.
        installed: Whether its weights come with a package instead of from the hub.
    """

    name: str
    arithmetic: float
    gpu: bool = False
    installed: bool = False


# From the strongest to the lightest. Large ones: published comparisons of transfer (Goldblum et al. 2023,
# "Battle of the Backbones": supervised ConvNeXt first at every size, small ViTs behind). Small ones: ImageNet
# top-1 (77.5, 76.7, 74.8, 75.8, 67.7), which predicts transfer (Kornblith et al. 2019). An installed backbone
# precedes a hub backbone of about the same accuracy, so that the same command gives the same result offline.
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
CPU_RATE, ACCELERATOR_RATE = 20.0, 2000.0  # 10⁹ multiply-adds per second, roughly
MIN_PASSES = 30.0  # arithmetic that a search spends on each image at least, in forward passes
SMALLEST_SIZE_COST = 0.2  # arithmetic at the smallest image size, relative to 224 px
MAX_BUDGET_SHARE = 0.5  # that the least arithmetic of a search may take
MIN_SECONDS_FOR_TWO = 600.0  # budget from which two backbones are compared


def find(name: str, sources: Mapping[str, BackboneSource]) -> Weights:
    """Return the weights of a backbone by its name.

    The first source, by name, that opens it is used.

    Raises:
        UnknownName: No source opens the name.
        WeightsError: The source cannot open the weights.
    """
    for _, source in sorted(sources.items()):
        with _raising_weights_error(source, name):
            if source.opens(name):
                return _checked(source.open(name))
    similar = get_close_matches(name, timm.list_models(), n=3)
    offers = {offer for source in sources.values() for offer in source.offers()}
    openable = {each for each in similar if any(source.opens(each) for source in sources.values())}
    raise UnknownName("backbone", name, offers | openable)


def candidates(
    sources: Mapping[str, BackboneSource],
    *,
    device: str,
    seconds: float | None,
    images: int,
    cached: Callable[[str], object] = hub.cached,
    beyond: Callable[[str], str | None] = lambda _: None,
) -> tuple[list[Weights], list[str]]:
    """Choose the strongest backbones that the device and the budget allow.

    A source that fails is used again only for weights that ``cached`` finds on this machine, so that being
    offline costs one attempt. If the budget allows no backbone, the lightest installed one is chosen; fewer
    images then pass through it.

    Args:
        sources: Backbone sources by name.
        device: The device of the search, such as ``"cpu"`` or ``"cuda:0"``.
        seconds: The budget of the search; None for no limit.
        images: The number of images.
        cached: Returns a true value for a timm model whose weights are on this machine.
        beyond: Returns why a model exceeds the user's limits, or None.

    Returns:
        The weights, best first (two for long budgets), and sentences on chosen and skipped backbones.

    Raises:
        WeightsError: No backbone can be opened here.
    """
    wanted = 2 if seconds is None or seconds >= MIN_SECONDS_FOR_TWO else 1
    opener = _PreferenceOpener(sources, cached)
    chosen: list[Weights] = []
    allowed: list[Preference] = []
    too_slow: list[tuple[Preference, str]] = []
    for preference in PREFERENCES:
        if len(chosen) == wanted or _is_too_slow(preference, device) or not opener.has(preference):
            continue
        if (why := beyond(preference.name)) is not None:
            opener.notes.append(f"{preference.name} was skipped: {why}.")
            continue
        allowed.append(preference)
        if why := _over_budget(preference, device=device, seconds=seconds, images=images):
            too_slow.append((preference, f"{preference.name} was skipped: {why}."))
        elif weights := opener.open(preference):
            chosen.append(weights)
    reason = "the strongest available backbone for this device and budget"
    if not chosen:
        reason = "the lightest available backbone, because the budget is short for so many images"
        chosen = _lightest(opener, allowed)
    if not chosen:
        why = " ".join(["No pretrained backbone can be opened here.", *opener.notes])
        raise WeightsError(f"{why} {hub.OFFLINE_ADVICE}")
    names = " and ".join(weights.name for weights in chosen)
    notes = [*_heavier(too_slow, chosen), *opener.notes]
    return chosen, [*notes, f"Uses {names}: {reason}. Name others with --backbone."]


def _heavier(too_slow: list[tuple[Preference, str]], chosen: list[Weights]) -> list[str]:
    """Return the notes on networks that are slower than the lightest chosen one.

    If the budget allows none, a network is chosen all the same: a note on it would contradict the choice.
    """
    taken = {weights.name for weights in chosen}
    costs = [preference.arithmetic for preference in PREFERENCES if preference.name in taken]
    return [note for preference, note in too_slow if preference.arithmetic > min(costs, default=0.0)]


def first_available(names: Sequence[str], sources: Mapping[str, BackboneSource]) -> tuple[Weights, str]:
    """Return the first backbone that opens, with a sentence on it.

    Args:
        names: The names of backbones, best first.
        sources: Backbone sources by name.

    Raises:
        WeightsError: None can be opened here.
    """
    reasons = []
    for name in names:
        try:
            weights = find(name, sources)
        except (UnknownName, WeightsError) as error:
            reasons.append(str(error))
            continue
        return weights, f"Uses {weights.name}: the default for this data. Name others with --backbone."
    raise WeightsError(f"No pretrained backbone can be opened here. {' '.join(reasons)}")


def _lightest(opener: _PreferenceOpener, allowed: list[Preference]) -> list[Weights]:
    """Open the lightest allowed backbone, installed ones first."""
    without_gpu = [preference for preference in PREFERENCES if not preference.gpu]
    for preference in sorted(allowed or without_gpu, key=lambda each: (not each.installed, each.arithmetic)):
        if opener.has(preference) and (weights := opener.open(preference)):
            return [weights]
    return []


@contextmanager
def _raising_weights_error(source: BackboneSource, name: str) -> Iterator[None]:
    """Convert errors of a source to WeightsError, except autotl's own errors."""
    try:
        yield
    except AutotlError:
        raise
    except FAILURES as error:  # a plugin's code
        raise WeightsError(
            f"The backbone source {source.name} failed on {name!r}: {described(error)}. "
            f"Leave it out with --without {source.name}, or choose another backbone."
        ) from error


def _checked(found: Weights) -> Weights:
    if not isinstance(found, Weights):
        raise TypeError(f"open() must return an autotl.api.Weights (got a {type(found).__name__})")
    return found


class _PreferenceOpener:
    """Opens preferred backbones and remembers which sources failed."""

    def __init__(self, sources: Mapping[str, BackboneSource], cached: Callable[[str], object]) -> None:
        self._sources, self._cached = sources, cached
        self._failed: set[str] = set()
        """Sources on the network that failed, and installed backbones that cannot be opened."""
        self.notes: list[str] = []

    def has(self, preference: Preference) -> bool:
        """Return whether a backbone can probably be opened."""
        source = self._source_of(preference)
        if source is None:
            return False
        if preference.installed:  # a package that is not installed is skipped without a note
            return preference.name in self._sources[source].offers() and preference.name not in self._failed
        return source not in self._failed or bool(self._cached(preference.name))

    def open(self, preference: Preference) -> Weights | None:
        """Open a backbone; on failure return None with a note."""
        source = self._source_of(preference)
        try:
            if source is None:
                return None
            with _raising_weights_error(self._sources[source], preference.name):
                return _checked(self._sources[source].open(preference.name))
        except WeightsError as error:
            if preference.installed:
                self._failed.add(preference.name)
                self.notes.append(f"{preference.name} was skipped: {error}")
            else:
                self._failed.add(str(source))
                self.notes.append(f"{preference.name} and others of {source} were skipped: {error}")
            return None

    def _source_of(self, preference: Preference) -> str | None:
        by_name = sorted(self._sources.items())
        return next((name for name, source in by_name if source.opens(preference.name)), None)


def _is_too_slow(preference: Preference, device: str) -> bool:
    return preference.gpu and device.startswith("cpu")


def _over_budget(preference: Preference, *, device: str, seconds: float | None, images: int) -> str | None:
    """Return why a backbone exceeds the budget, or None."""
    if seconds is None:
        return None
    rate = CPU_RATE if device.startswith("cpu") else ACCELERATOR_RATE
    needed = images * preference.arithmetic * SMALLEST_SIZE_COST * MIN_PASSES / rate
    if needed > MAX_BUDGET_SHARE * seconds:
        return (
            f"a search of {images:,} images with it takes {format_duration(needed)} or more on common "
            f"hardware, and the budget is {format_duration(seconds)}"
        )
    return None
