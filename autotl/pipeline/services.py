"""Hold the plugins and the services of a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from autotl.api import AnySimilarity, BackboneSource, Reader, Strategy, Transferability, Watch
from autotl.cache import Store
from autotl.clock import Clock
from autotl.heads import HeadKinds
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
        heads: The kinds of heads that are not linear.
    """

    readers: Mapping[str, Reader]
    sources: Mapping[str, BackboneSource]
    similarities: Mapping[str, AnySimilarity]
    transferabilities: Mapping[str, Transferability]
    strategies: Mapping[str, Strategy]
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
            heads=HeadKinds(catalog.heads.items, catalog.heads.packages()),
        )


@dataclass(frozen=True, slots=True)
class Services:
    """The services of a run.

    They are a store of arrays, a clock, and an object that is informed of the progress.
    """

    store: Store
    clock: Clock
    watch: Watch

    def say(self, *texts: str) -> None:
        """Show each text to the user."""
        for text in texts:
            self.watch.say(text)
