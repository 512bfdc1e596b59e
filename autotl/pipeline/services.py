"""Hold the plugins and the services of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from autotl.api import AnySimilarity, BackboneSource, Modality, Reader, Strategy, Transferability, Watch
from autotl.cache import Store
from autotl.clock import Clock
from autotl.heads import HeadKinds
from autotl.modalities import worded
from autotl.plugins import Catalog


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugins:
    """The plugins of a run, by name.

    No stage knows the plugin manager.

    Attributes:
        readers: The readers of data.
        sources: The sources of backbones.
        similarities: The similarities of the data to a backbone's source.
        transferabilities: The scores of backbones before training.
        strategies: The strategies to search.
        modalities: The kinds of inputs.
        heads: The kinds of heads that are not linear.
    """

    readers: Mapping[str, Reader]
    sources: Mapping[str, BackboneSource]
    similarities: Mapping[str, AnySimilarity]
    transferabilities: Mapping[str, Transferability]
    strategies: Mapping[str, Strategy]
    modalities: Mapping[str, Modality]
    heads: HeadKinds = field(default_factory=HeadKinds)

    @classmethod
    def of(cls, catalog: Catalog, strategies: Mapping[str, Strategy]) -> Plugins:
        """Return all installed plugins, but only some strategies."""
        return cls(
            readers=catalog.readers.items,
            sources=catalog.backbones.items,
            similarities=catalog.similarities.items,
            transferabilities=catalog.transferabilities.items,
            strategies=strategies,
            modalities=catalog.modalities.items,
            heads=HeadKinds(catalog.heads.items, catalog.heads.packages()),
        )


@dataclass(frozen=True, slots=True)
class Services:
    """The services of a run.

    Attributes:
        store: The store of arrays.
        clock: The clock.
        watch: The object that is informed of the progress.
        noun: One input of the data in words, once the data is read.
    """

    store: Store
    clock: Clock
    watch: Watch
    noun: str = "image"

    def say(self, *texts: str) -> None:
        """Show sentences to the user, with the noun of the data."""
        for text in texts:
            self.watch.say(worded(text, self.noun))

    def about(self, noun: str) -> Services:
        """Return the same services for inputs of this noun."""
        return replace(self, noun=noun)
