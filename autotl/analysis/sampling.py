"""Draw as many training and test images as the time allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autotl.api import Backbone, Dataset, Splits
from autotl.budget.subsampling import subsample
from autotl.cache import Store
from autotl.config.run_settings import RunSettings
from autotl.preparation.record import SampleRecord
from autotl.workbench.run_cache import RunCache


@dataclass(frozen=True, slots=True)
class Sample:
    """Images and backbones of a search.

    Attributes:
        splits: The images, in their folds.
        backbones: The backbones by name.
        run_cache: The images and their features.
        record: The decision on the number of images.
        notes: Sentences on images that were left out.
    """

    splits: Splits
    backbones: Mapping[str, Backbone]
    run_cache: RunCache
    record: SampleRecord
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sampler:
    """Draws samples of the images.

    Attributes:
        settings: The options of the run.
        dataset: All images.
        whole: Their split.
        store: The store of images and features.
        strategies: The strategies whose networks will be tested on the test images.
    """

    settings: RunSettings
    dataset: Dataset
    whole: Splits
    store: Store
    strategies: int

    def draw(
        self, backbones: Mapping[str, Backbone], record: SampleRecord, *, before: RunCache | None = None
    ) -> Sample:
        """Draw the images for which the recorded seconds suffice.

        Args:
            backbones: The backbones by name, with their pace.
            record: The seconds that are left, and the least number of images.
            before: The images and features of an earlier sample, which are reused.
        """
        splits, notes = subsample(
            self.dataset,
            self.whole,
            backbones,
            left=record.left,
            strategies=self.strategies,
            seed=self.settings.seed,
            least=record.least,
        )
        run_cache = RunCache(
            self.dataset,
            splits,
            backbones,
            self.store,
            device=self.settings.device,
            processes=self.settings.compute.processes,
            previous=before,
        )
        return Sample(splits, backbones, run_cache, record, tuple(notes))
