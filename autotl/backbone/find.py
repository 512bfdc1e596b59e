"""Find the source that has a backbone by its name, or choose backbones that suit a machine and a budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from autotl.api import BackboneSource, Weights
from autotl.backbone import hub
from autotl.clock import spell
from autotl.errors import UnknownName, WeightsError
from autotl.vision import timm


@dataclass(frozen=True, slots=True)
class Preference:
    """A backbone that is known to transfer well. ``arithmetic`` is what one image takes at 224 px, in 10⁹
    multiply-adds; ``gpu`` means that it is not worth its time on a CPU."""

    name: str
    arithmetic: float
    gpu: bool


# From the strongest to the lightest, as they rank in published comparisons of transfer (Goldblum et al. 2023,
# "Battle of the Backbones": supervised ConvNeXt first at every size, small ViTs behind).
PREFERENCES = (
    Preference("convnext_tiny.in12k_ft_in1k", 4.5, gpu=True),
    Preference("resnet50.a1_in1k", 4.1, gpu=True),
    Preference("vit_small_patch16_224.augreg_in21k_ft_in1k", 4.6, gpu=True),
    Preference("resnet18.a1_in1k", 1.8, gpu=False),
    Preference("mobilenetv3_large_100.ra_in1k", 0.22, gpu=False),
    Preference("mobilenetv3_small_100.lamb_in1k", 0.06, gpu=False),
)
RATE = {"cpu": 20.0}  # 10⁹ multiply-adds a second, roughly
FAST = 2000.0  # the same for an accelerator
PASSES = 30.0  # forward passes' worth of arithmetic that a search spends on each image, at the least
SMALLEST = 0.2  # arithmetic at the smallest image size, against 224 px
SHARE = 0.5  # of the budget
SEVERAL = 600.0  # seconds from which two backbones are worth comparing


def find(name: str, sources: Mapping[str, BackboneSource]) -> Weights:
    """The weights called ``name``, from the first source (by name) that opens it."""
    for _, source in sorted(sources.items()):
        if source.opens(name):
            return source.open(name)
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
    """Backbones to try where the user names none, best first, and sentences on what was passed over and why.

    Prefers the strongest that the device and the budget allow. A source that fails once is asked no more,
    except for weights that ``cached`` says are on this machine, so being offline costs one attempt.
    ``beyond`` says why a timm model is not wanted, None where it is.
    """
    wanted = 2 if seconds is None or seconds >= SEVERAL else 1
    chosen: list[Weights] = []
    notes: list[str] = []
    failed: set[str] = set()

    def take(name: str, source_name: str) -> None:
        try:
            chosen.append(sources[source_name].open(name))
        except WeightsError as error:
            failed.add(source_name)
            notes.append(
                f"{name} was passed over, as was all else that {source_name} would have to fetch: {error}"
            )

    for preference in PREFERENCES:
        if len(chosen) == wanted:
            break
        source_name = next((k for k, s in sorted(sources.items()) if s.opens(preference.name)), None)
        if source_name is None or (source_name in failed and not cached(preference.name)):
            continue
        why = _too_much(preference, device=device, seconds=seconds, images=images) or beyond(preference.name)
        if why is not None:
            notes.append(f"{preference.name} was passed over: {why}.")
            continue
        take(preference.name, source_name)
    if not chosen:  # whatever needs no fetching comes first: a source that failed is asked no more
        for source_name, source in sorted(
            sources.items(), key=lambda pair: (pair[0] in failed, not _local(pair[1]))
        ):
            offers = source.offers()
            if offers and not chosen and source_name not in failed:
                take(offers[0], source_name)
    if not chosen:
        raise WeightsError(f"No pretrained backbone can be had here. {hub.WAYS_OUT}")
    return chosen, notes


def _local(source: BackboneSource) -> bool:
    """Whether what it offers first lies on this machine: nothing timm would have to download."""
    return all(hub.address(offer) is None for offer in source.offers())


def _too_much(preference: Preference, *, device: str, seconds: float | None, images: int) -> str | None:
    on_cpu = device.startswith("cpu")
    if on_cpu and preference.gpu:
        return "it is too slow on a CPU"
    if seconds is None:
        return None
    needed = images * preference.arithmetic * SMALLEST * PASSES / (RATE["cpu"] if on_cpu else FAST)
    if needed > SHARE * seconds:
        return (
            f"on {images} images it would take at least {spell(needed)}, and the budget is {spell(seconds)}"
        )
    return None
