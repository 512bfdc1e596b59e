"""What the frozen first layers of a network give for every image, computed once and kept."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, closing, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from autotl.backbone import HEAD, Cuts
from autotl.data import split_hash, view_of
from autotl.seeds import derive
from autotl.training import augment, augmentation, autocast, pieces_of
from autotl.workbench.feature_extraction import BITS, channels_last
from autotl.workbench.run_cache import Pulse, RunCache, no_pulse

SHARE = 0.5
"""Of the store, for all the views of one cut together: the rest is for other cuts and the images."""
HALF = (torch.float16, torch.bfloat16)
"""In the order they are tried: float16 is eight times finer, bfloat16 holds what float16 overflows at."""
EXACT = (torch.float32,)
FEW = 4
"""Images that show whether two ways of computing the same agree."""

RAW = {2: np.int16, 4: np.int32}


@dataclass(frozen=True, slots=True)
class ViewSpec:
    """How the first ``rows`` training images are seen: at ``side`` pixels, in one view of an augmentation."""

    side: int
    rows: int
    augment: str = "none"
    view: int = 0


class _Overflow(ValueError):
    """An activation is too large for the kind of number that is tried."""


class ActivationCache:
    """The kept activations of a run's backbones, by place of the cut and by look.

    A place behind one that is kept is computed from that one, not from the images. ``kinds`` are the number
    formats to keep them in, in the order they are tried.
    """

    def __init__(self, materials: RunCache, *, on: bool = True, kinds: Sequence[torch.dtype] = HALF) -> None:
        self._materials, self._on, self._kinds = materials, on, kinds
        self._cuts: dict[tuple[str, int], Cuts] = {}
        self._shapes: dict[tuple[str, str, int], tuple[int, ...]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """What another process needs: it cuts the networks itself."""
        return self.__dict__ | {"_cuts": {}, "_shapes": {}}

    def moved(self, materials: RunCache) -> ActivationCache:
        """The same, kept in the store of other materials."""
        return ActivationCache(materials, on=self._on, kinds=self._kinds)

    def cuts(self, backbone: str, side: int) -> Cuts:
        """Where the task's network can be cut for images of ``side`` pixels."""
        if (backbone, side) not in self._cuts:
            self._cuts[backbone, side] = Cuts(self._materials.task_model(backbone), side=side)
        return self._cuts[backbone, side]

    def plain(self, backbone: str) -> ViewSpec:
        """All training images as probes see them."""
        return ViewSpec(self._materials.backbones[backbone].side, len(self._materials.order))

    def place(self, backbone: str, through: int) -> str:
        """Where ``through`` frozen stages end; all of them end at the classifier."""
        stages = self._materials.backbones[backbone].stages
        return HEAD if through == len(stages) else stages[through - 1].module

    def views(self, backbone: str, place: str, *, side: int, rows: int, wanted: int) -> int:
        """How many views of ``rows`` images there is room for, of the ``wanted`` ones; 0 where there is none,
        or the network cannot be cut there.
        """
        if not self._on or place not in self.cuts(backbone, side):
            return 0
        one, store = (rows, *self.shape(backbone, place, side)), self._materials.store
        fits = [
            k for k in range(1, wanted + 1) if store.fits((k, *one), RAW[self.kind.itemsize], share=SHARE)
        ]
        return max(fits, default=0)

    def array(self, backbone: str, place: str, look: ViewSpec, *, pulse: Pulse = no_pulse) -> Tensor:
        """Activations (rows, …) as float16, or as bfloat16 where they overflow that; maps channels last.

        Raises ValueError where they are not finite.
        """
        if (found := self._find(backbone, place, look)) is not None:
            return found
        shape = (look.rows, *self.shape(backbone, place, look.side))
        for kind in self._kinds:
            fill = partial(self._fill, backbone, place, look, kind, pulse)
            with suppress(_Overflow):
                key = self.key(backbone, place, look, kind)
                return _as_kind(self._materials.store.array(key, shape, RAW[kind.itemsize], fill), kind)
        raise ValueError(f"the activations of {backbone} at {place} are not finite")

    def has(self, backbone: str, place: str, look: ViewSpec) -> bool:
        """Whether they are kept already."""
        return self._find(backbone, place, look) is not None

    def shape(self, backbone: str, place: str, side: int) -> tuple[int, ...]:
        """What one image gives, channels last: known from a blank one."""
        known = (backbone, place, side)
        if known not in self._shapes:
            blank = torch.zeros(1, 3, side, side, dtype=torch.uint8)
            with torch.inference_mode():
                given = self.cuts(backbone, side).piece(None, place)(
                    self._materials.normalise(backbone, blank)
                )
            self._shapes[known] = tuple(channels_last(given).shape[1:])
        return self._shapes[known]

    @property
    def kind(self) -> torch.dtype:
        """The number format that is tried first."""
        return self._kinds[0]

    def making(
        self, backbone: str, place: str, look: ViewSpec
    ) -> AbstractContextManager[NDArray[Any] | None]:
        """An array for the bits of that kind, which is kept when the block ends well; None where another
        process has made it meanwhile.
        """
        key, shape = self.key(backbone, place, look, self.kind), self.shape(backbone, place, look.side)
        return self._materials.store.making(key, (look.rows, *shape), RAW[self.kind.itemsize])

    def _fill(
        self,
        backbone: str,
        place: str,
        look: ViewSpec,
        kind: torch.dtype,
        pulse: Pulse,
        out: NDArray[Any],
    ) -> None:
        with torch.inference_mode(), autocast(self._materials.device):
            known = self._features(backbone, look) if place == HEAD else None
        start, given = (
            (HEAD, self._parts(known)) if known is not None else self._nearest(backbone, place, look)
        )
        piece = nn.Identity() if start == place else self.cuts(backbone, look.side).piece(start, place)
        with closing(given), torch.inference_mode(), autocast(self._materials.device):
            for part, x in given:
                pulse()
                kept = channels_last(self._run(piece, x)).to(kind)
                if not kept.isfinite().all():
                    raise _Overflow
                torch.from_numpy(out[part]).copy_(kept.view(BITS[kind.itemsize]))

    def _run(self, piece: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        parts = x.tensor_split(pieces_of(x, device=self._materials.device))
        return piece(x) if len(parts) == 1 else torch.cat([piece(part) for part in parts])

    def _features(self, backbone: str, look: ViewSpec) -> Tensor | None:
        """What the classifier is given, where the probes' features are known and, on the first few images,
        nothing else than that.
        """
        found = self._materials.known_features(backbone, side=look.side)
        if found is None or look.augment != "none":
            return None
        with closing(self._images(backbone, look)) as shown:
            few = next(shown)[1][:FEW]
        given = self.cuts(backbone, look.side).piece(None, HEAD)(few)
        features = torch.from_numpy(found[: look.rows])
        same = given.flatten(1).shape[1] == features.shape[1] and torch.allclose(
            given.flatten(1).float().cpu(), features[: len(given)], rtol=1e-3, atol=1e-3
        )
        return features.view(-1, *given.shape[1:]) if same else None

    def _nearest(
        self, backbone: str, place: str, look: ViewSpec
    ) -> tuple[str | None, Generator[tuple[slice, Tensor], None, None]]:
        """The deepest kept place in front of ``place`` and its activations in parts; else the images."""
        stages = [stage.module for stage in self._materials.backbones[backbone].stages]
        before = stages[: stages.index(place)] if place in stages else stages[:-1]
        for each in reversed(before):
            if (found := self._find(backbone, each, look)) is not None:
                return each, self._parts(found)
        return None, self._images(backbone, look)

    def _parts(self, kept: Tensor) -> Generator[tuple[slice, Tensor], None, None]:
        step = self._materials.part
        for start in range(0, len(kept), step):
            part = slice(start, min(start + step, len(kept)))
            yield part, kept[part].to(self._materials.device, torch.float32)

    def _images(self, backbone: str, look: ViewSpec) -> Generator[tuple[slice, Tensor], None, None]:
        materials, how = self._materials, augmentation(look.augment)
        splits = materials.splits
        # of the first repeat alone: what a fold of it is scored does not hang on whether others follow
        name = split_hash(materials.dataset, splits.train, splits.test, splits.first)
        draw = torch.Generator().manual_seed(derive(0, name, look.view))
        shown = materials.shown(backbone, side=look.side, margin=how is not None, rows=look.rows)
        with closing(shown):
            for part, pixels in shown:
                x = pixels.to(materials.device, non_blocking=True)
                if how is not None:
                    x = augment(x, how, side=look.side, generator=draw)
                yield part, materials.normalise(backbone, x)

    def _find(self, backbone: str, place: str, look: ViewSpec) -> Tensor | None:
        for kind in self._kinds:
            found = self._materials.store.find(self.key(backbone, place, look, kind))
            if found is not None:
                return _as_kind(found, kind)
        return None

    def key(self, backbone: str, place: str, look: ViewSpec, kind: torch.dtype) -> dict[str, Any]:
        """What names them in the store."""
        facts = self._materials.backbones[backbone]
        return {
            "activations": self._materials.named,
            "split": None if look.augment == "none" else self._materials.splits.hash,  # seeds draws
            "rows": look.rows,
            "weights": facts.digest,
            "place": place,
            "view": view_of(facts.config, side=look.side).key,
            "augment": [look.augment, look.view],
            "kind": str(kind),
        }


def _as_kind(kept: NDArray[Any], kind: torch.dtype) -> Tensor:
    found = torch.from_numpy(kept).view(kind)
    return found.permute(0, 3, 1, 2) if found.ndim == 4 else found
