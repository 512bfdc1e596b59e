"""Outputs of a network's frozen first layers, computed once and cached."""

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
from autotl.training import augment, autocast, get_augmentation, microbatch_count
from autotl.workbench.feature_extraction import TORCH_INTEGER_DTYPES, channels_last
from autotl.workbench.image_cache import CancellationCheck, never_cancelled
from autotl.workbench.run_cache import RunCache

MAX_STORE_SHARE = 0.5
"""Largest fraction of the store for all views at one cut point; the rest is for others and images."""
HALF_PRECISION = (torch.float16, torch.bfloat16)
"""Half-precision dtypes, in the order they are tried: float16 is finer, bfloat16 has a larger range."""
SINGLE_PRECISION = (torch.float32,)
CHECKED_IMAGES = 4
"""Images on which two ways of computing the same values are compared."""
INTEGER_DTYPES = {2: np.int16, 4: np.int32}
"""NumPy integers by bytes per number; see TORCH_INTEGER_DTYPES."""


@dataclass(frozen=True, slots=True)
class ViewSpec:
    """A view of the first ``rows`` training images, at ``input_size`` pixels.

    ``augment`` is a name of AUGMENTATIONS; ``view`` numbers its random views from 0.
    """

    input_size: int
    rows: int
    augment: str = "none"
    view: int = 0


class _Overflow(ValueError):
    """An activation is too large for the dtype."""


class ActivationCache:
    """Cached activations of a run's backbones, by cut point and view.

    A cut point is the name of the module behind which a network is cut. Activations behind a cached cut point
    are computed from it instead of from the images.
    """

    def __init__(
        self, run_cache: RunCache, *, enabled: bool = True, dtypes: Sequence[torch.dtype] = HALF_PRECISION
    ) -> None:
        """Start without activations.

        Args:
            run_cache: Provides images, networks and the store.
            enabled: Whether activations are cached at all.
            dtypes: Number formats of the cached activations, in the order they are tried.
        """
        self._run_cache, self._enabled, self._dtypes = run_cache, enabled, dtypes
        self._cuts: dict[tuple[str, int], Cuts] = {}
        self._shapes: dict[tuple[str, str, int], tuple[int, ...]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the cut networks, which another process cuts itself."""
        return self.__dict__ | {"_cuts": {}, "_shapes": {}}

    def with_run_cache(self, run_cache: RunCache) -> ActivationCache:
        """Return the same cache in the store of another run cache."""
        return ActivationCache(run_cache, enabled=self._enabled, dtypes=self._dtypes)

    def cuts(self, backbone: str, input_size: int) -> Cuts:
        """Return the cut points of the task's network at ``input_size`` pixels."""
        if (backbone, input_size) not in self._cuts:
            model = self._run_cache.networks.task(backbone)
            self._cuts[backbone, input_size] = Cuts(model, input_size=input_size)
        return self._cuts[backbone, input_size]

    def plain_view(self, backbone: str) -> ViewSpec:
        """Return the unaugmented view of all training images."""
        return ViewSpec(self._run_cache.backbones[backbone].input_size, len(self._run_cache.order))

    def cut_point(self, backbone: str, frozen: int) -> str:
        """Return the cut point behind the first ``frozen`` stages."""
        stages = self._run_cache.backbones[backbone].stages
        return HEAD if frozen == len(stages) else stages[frozen - 1].module

    def views_that_fit(self, backbone: str, cut_point: str, view: ViewSpec, *, wanted: int) -> int:
        """Return how many views fit into the store.

        Args:
            backbone: The network.
            cut_point: The name of the module behind which the network is cut.
            view: The image size, and the number of training images.
            wanted: Largest result.

        Returns:
            Number of views, from 0 to ``wanted``; 0 if the network cannot be cut there.
        """
        if not self._enabled or cut_point not in self.cuts(backbone, view.input_size):
            return 0
        shape, store = (view.rows, *self.shape(backbone, cut_point, view.input_size)), self._run_cache.store
        integer = INTEGER_DTYPES[self.dtype.itemsize]
        fits = [k for k in range(1, wanted + 1) if store.fits((k, *shape), integer, share=MAX_STORE_SHARE)]
        return max(fits, default=0)

    def array(
        self,
        backbone: str,
        cut_point: str,
        view: ViewSpec,
        *,
        check_cancelled: CancellationCheck = never_cancelled,
    ) -> Tensor:
        """Return activations, computed if they are not cached.

        Args:
            backbone: The network.
            cut_point: The name of the module behind which the network is cut.
            view: The images.
            check_cancelled: Called before each batch; may raise to end the work.

        Returns:
            Activations (rows, …) in the first dtype that holds them; feature maps are channels last.

        Raises:
            ValueError: The activations are not finite.
        """
        if (found := self._find(backbone, cut_point, view)) is not None:
            return found
        shape = (view.rows, *self.shape(backbone, cut_point, view.input_size))
        for dtype in self._dtypes:
            fill = partial(self._fill, backbone, cut_point, view, dtype, check_cancelled)
            with suppress(_Overflow):
                key = self.key(backbone, cut_point, view, dtype)
                stored = self._run_cache.store.array(key, shape, INTEGER_DTYPES[dtype.itemsize], fill)
                return _with_dtype(stored, dtype)
        raise ValueError(f"the activations of {backbone} at {cut_point} are not finite")

    def contains(self, backbone: str, cut_point: str, view: ViewSpec) -> bool:
        """Return whether these activations are cached.

        Args:
            backbone, cut_point, view: As for :meth:`array`.
        """
        return self._find(backbone, cut_point, view) is not None

    def shape(self, backbone: str, cut_point: str, input_size: int) -> tuple[int, ...]:
        """Return the shape of one image's activations, channels last.

        Args:
            backbone: The network.
            cut_point: The name of the module behind which the network is cut.
            input_size: Image size in pixels.
        """
        known = (backbone, cut_point, input_size)
        if known not in self._shapes:
            blank = self._run_cache.images.blank(backbone, input_size)
            with torch.inference_mode():
                x = self._run_cache.to_batch(backbone, blank)
                activations = self.cuts(backbone, input_size).piece(None, cut_point)(x)
            self._shapes[known] = tuple(channels_last(activations).shape[1:])
        return self._shapes[known]

    @property
    def dtype(self) -> torch.dtype:
        """The number format that is tried first."""
        return self._dtypes[0]

    def writer(
        self, backbone: str, cut_point: str, view: ViewSpec
    ) -> AbstractContextManager[NDArray[Any] | None]:
        """Return a context with an array for the bits.

        The array is kept if the block ends without error; it is None if another process has written it.

        Args:
            backbone, cut_point, view: As for :meth:`array`.
        """
        key = self.key(backbone, cut_point, view, self.dtype)
        shape = (view.rows, *self.shape(backbone, cut_point, view.input_size))
        return self._run_cache.store.create(key, shape, INTEGER_DTYPES[self.dtype.itemsize])

    def key(self, backbone: str, cut_point: str, view: ViewSpec, dtype: torch.dtype) -> dict[str, Any]:
        """Return the store's key of these activations.

        Args:
            backbone, cut_point, view: As for :meth:`array`.
            dtype: Number format of the activations.
        """
        facts = self._run_cache.backbones[backbone]
        return {
            "activations": self._run_cache.rows_digest,
            "split": None if view.augment == "none" else self._run_cache.splits.hash,  # seeds the views
            "rows": view.rows,
            "weights": facts.digest,
            "place": cut_point,
            "view": view_of(facts.config, input_size=view.input_size).key,
            "augment": [view.augment, view.view],
            "kind": str(dtype),
        }

    def _fill(
        self,
        backbone: str,
        cut_point: str,
        view: ViewSpec,
        dtype: torch.dtype,
        check_cancelled: CancellationCheck,
        out: NDArray[Any],
    ) -> None:
        """Compute activations into ``out``. Raises _Overflow if the dtype cannot hold them."""
        with torch.inference_mode(), autocast(self._run_cache.device):
            features = self._head_inputs(backbone, view) if cut_point == HEAD else None
        start: str | None = HEAD
        if features is not None:
            batches = self._batches(features)
        else:
            start, batches = self._nearest(backbone, cut_point, view)
        cuts = self.cuts(backbone, view.input_size)
        piece = nn.Identity() if start == cut_point else cuts.piece(start, cut_point)
        with closing(batches), torch.inference_mode(), autocast(self._run_cache.device):
            for rows, x in batches:
                check_cancelled()
                values = channels_last(self._run(piece, x)).to(dtype)
                if not values.isfinite().all():
                    raise _Overflow
                torch.from_numpy(out[rows]).copy_(values.view(TORCH_INTEGER_DTYPES[dtype.itemsize]))

    def _run(self, piece: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        parts = x.tensor_split(microbatch_count(x, device=self._run_cache.device))
        return piece(x) if len(parts) == 1 else torch.cat([piece(part) for part in parts])

    def _head_inputs(self, backbone: str, view: ViewSpec) -> Tensor | None:
        """Return cached features if they are exactly the head's inputs."""
        found = self._run_cache.cached_features(backbone, input_size=view.input_size)
        if found is None or view.augment != "none":
            return None
        with closing(self._images(backbone, view)) as images:
            few = next(images)[1][:CHECKED_IMAGES]
        expected = self.cuts(backbone, view.input_size).piece(None, HEAD)(few)
        features = torch.from_numpy(found[: view.rows])
        same = expected.flatten(1).shape[1] == features.shape[1] and torch.allclose(
            expected.flatten(1).float().cpu(), features[: len(expected)], rtol=1e-3, atol=1e-3
        )
        return features.view(-1, *expected.shape[1:]) if same else None

    def _nearest(
        self, backbone: str, cut_point: str, view: ViewSpec
    ) -> tuple[str | None, Generator[tuple[slice, Tensor], None, None]]:
        """Return the deepest cached cut point before this one, with batches; else the images."""
        stages = [stage.module for stage in self._run_cache.backbones[backbone].stages]
        before = stages[: stages.index(cut_point)] if cut_point in stages else stages[:-1]
        for each in reversed(before):
            if (found := self._find(backbone, each, view)) is not None:
                return each, self._batches(found)
        return None, self._images(backbone, view)

    def _batches(self, activations: Tensor) -> Generator[tuple[slice, Tensor], None, None]:
        step = self._run_cache.batch_size
        for start in range(0, len(activations), step):
            rows = slice(start, min(start + step, len(activations)))
            yield rows, activations[rows].to(self._run_cache.device, torch.float32)

    def _images(self, backbone: str, view: ViewSpec) -> Generator[tuple[slice, Tensor], None, None]:
        run_cache, augmentation = self._run_cache, get_augmentation(view.augment)
        splits = run_cache.splits
        # seeded by the first repeat alone, so that its scores do not depend on whether others follow
        name = split_hash(run_cache.dataset, splits.train, splits.test, splits.first)
        generator = torch.Generator().manual_seed(derive(0, name, view.view))
        size, margin = view.input_size, augmentation is not None
        batches = run_cache.images.iter_pixels(backbone, input_size=size, margin=margin, rows=view.rows)
        with closing(batches):
            for rows, pixels in batches:
                x = pixels.to(run_cache.device, non_blocking=True)
                if augmentation is not None:
                    x = augment(x, augmentation, input_size=size, generator=generator)
                yield rows, run_cache.to_batch(backbone, x)

    def _find(self, backbone: str, cut_point: str, view: ViewSpec) -> Tensor | None:
        for dtype in self._dtypes:
            found = self._run_cache.store.find(self.key(backbone, cut_point, view, dtype))
            if found is not None:
                return _with_dtype(found, dtype)
        return None


def _with_dtype(stored: NDArray[Any], dtype: torch.dtype) -> Tensor:
    """Reinterpret stored bits; feature maps (n, h, w, c) become (n, c, h, w)."""
    found = torch.from_numpy(stored).view(dtype)
    return found.permute(0, 3, 1, 2) if found.ndim == 4 else found
