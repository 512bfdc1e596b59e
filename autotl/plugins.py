"""Find the installed plugins and gather what they offer."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

import pluggy

from autotl import hookspecs
from autotl.api import (
    AnySimilarity,
    BackboneSource,
    Executor,
    LayerSimilarity,
    Reader,
    Reporter,
    Similarity,
    Strategy,
    Transferability,
)
from autotl.errors import FAILURES, PluginError, UnknownName, described

GROUP = "autotl"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something came from, as shown by ``autotl plugins`` and in reports."""

    plugin: str
    distribution: str
    version: str


@dataclass(frozen=True, slots=True)
class Shelf(Generic[T]):
    """What the plugins offer of one kind, by name. ``kind`` is the word errors use for it.

    An item keeps one of the ``contracts``; the first is the one that errors compare it with.
    """

    kind: str
    contracts: tuple[type[Any], ...]
    items: dict[str, T] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)

    def __getitem__(self, name: str) -> T:
        if name not in self.items:
            raise UnknownName(self.kind, name, self.items)
        return self.items[name]

    def pick(self, names: Iterable[str]) -> dict[str, T]:
        """The items of these names; the usual ones if no name is given. Raises UnknownName."""
        chosen = list(names)
        return {name: self[name] for name in chosen} if chosen else self.usual()

    def usual(self) -> dict[str, T]:
        """All items but those that are used only if they are asked for by name."""
        return {name: item for name, item in self.items.items() if not getattr(item, "on_request", False)}

    def check(self, item: Any) -> None:
        """Raise PluginError where ``item`` lacks a part of the contract."""
        if not isinstance(item, self.contracts):
            contract = self.contracts[0]
            parts = [part for part in dir(contract) if not part.startswith("_")]
            annotated = getattr(contract, "__annotations__", {})
            missing = sorted(part for part in {*parts, *annotated} if not hasattr(item, part))
            raise PluginError(f"It offers {item!r} where a {self.kind} is due: {', '.join(missing)} missing.")
        for part in ("name", "summary"):
            if not isinstance(said := getattr(item, part, ""), str) or not (said or part == "summary"):
                raise PluginError(f"It offers a {self.kind} whose {part} is {said!r}. Make it a string.")

    def add(self, item: Any, origin: Origin) -> None:
        """Put ``item`` on the shelf. Raises PluginError where its name is taken."""
        if first := self.origins.get(item.name):
            raise PluginError(
                f"Two plugins offer a {self.kind} called {item.name!r}: {first.distribution} {first.version} "
                f"(plugin {first.plugin!r}) and {origin.distribution} {origin.version} "
                f"(plugin {origin.plugin!r}). "
                f"Uninstall one, or leave one out with --without {origin.plugin}."
            )
        self.items[item.name], self.origins[item.name] = item, origin


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything the installed plugins offer; which of them only look on (``observers``), which could not
    be loaded (``broken``, name to reason), and which failed when they were told of something (``dropped``).
    """

    strategies: Shelf[Strategy] = field(default_factory=lambda: Shelf("strategy", (Strategy,)))
    similarities: Shelf[AnySimilarity] = field(
        default_factory=lambda: Shelf("similarity", (Similarity, LayerSimilarity))
    )
    transferabilities: Shelf[Transferability] = field(
        default_factory=lambda: Shelf("transferability", (Transferability,))
    )
    backbones: Shelf[BackboneSource] = field(
        default_factory=lambda: Shelf("backbone source", (BackboneSource,))
    )
    readers: Shelf[Reader] = field(default_factory=lambda: Shelf("reader", (Reader,)))
    executors: Shelf[Executor] = field(default_factory=lambda: Shelf("executor", (Executor,)))
    reporters: Shelf[Reporter] = field(default_factory=lambda: Shelf("reporter", (Reporter,)))
    observers: dict[str, Origin] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)
    manager: pluggy.PluginManager = field(default_factory=lambda: pluggy.PluginManager(GROUP))

    def shelves(self) -> Mapping[str, Shelf[Any]]:
        """The shelves by the plural that names their hook: ``autotl_<plural>``."""
        kinds = (
            "strategies",
            "similarities",
            "transferabilities",
            "backbones",
            "readers",
            "executors",
            "reporters",
        )
        return {kind: getattr(self, kind) for kind in kinds}

    def origins(self) -> list[Origin]:
        """Where everything on the shelves came from."""
        return [origin for shelf in self.shelves().values() for origin in shelf.origins.values()]

    def versions(self) -> dict[str, str]:
        """The distributions that offer something, and their versions. Who only looks on changes no result."""
        return {origin.distribution: origin.version for origin in self.origins()}

    def about(self, plugin: str) -> str:
        """The first sentence of a plugin's docstring, or its name where it has none."""
        words = inspect.getdoc(self.manager.get_plugin(plugin)) or plugin
        return words.partition("\n\n")[0].replace("\n", " ").rstrip(".")

    def names(self) -> frozenset[str]:
        """Whatever can be left out: plugins, observers among them, what they offer, those that are broken."""
        offered = {name for shelf in self.shelves().values() for name in shelf.items}
        return frozenset({name for name, _ in self.manager.list_name_plugin()} | offered | self.broken.keys())

    def tell(self, event: str, **facts: Any) -> None:
        """Call the life-cycle hook ``autotl_<event>`` of every plugin. One that raises is told no more."""
        for name, plugin in self.manager.list_name_plugin():
            try:
                _only(self.manager, plugin, f"autotl_{event}")(**facts)
            except FAILURES as error:  # a stranger's code: an observer must not end the search
                self.manager.unregister(plugin)
                self.dropped[name] = f"autotl_{event} raised {described(error)}"
                warnings.warn(
                    f"The plugin {name!r} failed in autotl_{event} and is no longer told of this run: "
                    f"{described(error)}",
                    RuntimeWarning,
                    stacklevel=2,
                )


def load(found: Iterable[EntryPoint] | None = None, *, without: Iterable[str] = ()) -> Catalog:
    """Load every plugin but those left out, by plugin name or by the name of what they offer.

    A broken plugin is recorded, not raised. Raises UnknownName for a name to leave out that nobody has, and
    PluginError where two plugins offer the same name.
    """
    left_out, unused = frozenset(without), set(without)
    catalog = Catalog()
    manager = catalog.manager
    manager.add_hookspecs(hookspecs)
    points = sorted(entry_points(group=GROUP) if found is None else found, key=lambda point: point.name)
    known = {point.name for point in points}
    for point in points:
        if point.name in left_out:
            unused.discard(point.name)
            continue
        try:
            offers = _enter(manager, point, catalog.shelves())
        except FAILURES as error:  # a stranger's code: anything may come out of it
            catalog.broken[point.name] = described(error)
            continue
        dist = point.dist
        origin = Origin(point.name, dist.name if dist else "?", dist.version if dist else "?")
        if not any(offers.values()):
            catalog.observers[point.name] = origin
        for kind, items in offers.items():
            for item in items:
                known.add(name := getattr(item, "name", repr(item)))
                if name in left_out:
                    unused.discard(name)
                else:
                    catalog.shelves()[kind].add(item, origin)
    for name in sorted(unused):
        raise UnknownName("plugin", name, known)
    return catalog


def _enter(
    manager: pluggy.PluginManager, point: EntryPoint, kinds: Mapping[str, Shelf[Any]]
) -> dict[str, list[Any]]:
    """Register a plugin and gather what it offers; where anything goes wrong it is forgotten again."""
    plugin = point.load()
    if manager.has_plugin(point.name) or manager.is_registered(plugin):
        raise PluginError(f"Another plugin is called {point.name!r}, or is the same module. Rename one.")
    try:
        manager.register(plugin, name=point.name)
        manager.check_pending()
        if not manager.get_hookcallers(plugin):
            raise PluginError(
                "It implements no hook of autotl. Mark its functions with @autotl.hookimpl, and name them "
                "autotl_strategies, autotl_trial_finished and so on."
            )
        offers = {
            kind: [item for batch in _only(manager, plugin, f"autotl_{kind}")() for item in batch]
            for kind in kinds
        }
        for kind, items in offers.items():
            for item in items:
                kinds[kind].check(item)
        return offers
    except BaseException:
        if manager.has_plugin(point.name):
            manager.unregister(name=point.name)
        raise


def _only(manager: pluggy.PluginManager, plugin: Any, hook: str) -> pluggy.HookCaller:
    """The hook as this plugin alone implements it."""
    others = [other for other in manager.get_plugins() if other is not plugin]
    return manager.subset_hook_caller(hook, others)
