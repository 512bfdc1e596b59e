"""Load the installed plugins and collect the objects they offer."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Generic, TypeVar

import pluggy

from autotl import hookspecs
from autotl.api import (
    VERSION,
    AnySimilarity,
    BackboneSource,
    Executor,
    HeadKind,
    LayerSimilarity,
    Modality,
    Reader,
    Reporter,
    Similarity,
    Strategy,
    Transferability,
)
from autotl.errors import FAILURES, PluginError, UnknownName, described

GROUP = "autotl"
"""The entry-point group of plugins."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Origin:
    """The plugin that offers an object.

    ``autotl plugins`` and reports show it.
    """

    plugin: str
    distribution: str
    version: str


@dataclass(frozen=True, slots=True)
class Registry(Generic[T]):
    """The objects of one kind that the plugins offer.

    Attributes:
        kind: The kind in words, for error messages.
        contracts: An item must satisfy one of these protocols. Errors compare it with the first.
        items: The objects by name.
        origins: The plugin of each object, by the same names.
    """

    kind: str
    contracts: tuple[type[Any], ...]
    items: dict[str, T] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)

    def __getitem__(self, name: str) -> T:
        if name not in self.items:
            raise UnknownName(self.kind, name, self.items)
        return self.items[name]

    def select(self, names: Iterable[str]) -> dict[str, T]:
        """Return the items of these names.

        Returns the default items if there are no names. Raises UnknownName.
        """
        chosen = list(names)
        return {name: self[name] for name in chosen} if chosen else self.defaults()

    def defaults(self) -> dict[str, T]:
        """Return all items except items used only on request."""
        return {name: item for name, item in self.items.items() if not getattr(item, "on_request", False)}

    def packages(self) -> dict[str, str]:
        """Return the distribution of each object by name."""
        return {name: origin.distribution for name, origin in self.origins.items()}

    def check(self, item: Any) -> None:
        """Raise PluginError if ``item`` does not satisfy the contract."""
        written_for = getattr(item, "api", 1)
        if "api" in self.contracts[0].__annotations__ and written_for != VERSION:
            raise PluginError(
                f"The {self.kind} {getattr(item, 'name', item)!r} is written for version {written_for} of "
                f"the plugin API, and this autotl has version {VERSION}. Install a newer release of its "
                "distribution, or see plugins/README.md."
            )
        if not isinstance(item, self.contracts):
            contract = self.contracts[0]
            parts = [part for part in dir(contract) if not part.startswith("_")]
            annotated = getattr(contract, "__annotations__", {})
            missing = sorted(part for part in {*parts, *annotated} if not hasattr(item, part))
            raise PluginError(f"{item!r} is not a {self.kind}: it has no {', '.join(missing)}.")
        for part in ("name", "summary"):
            value = getattr(item, part, "")
            if not isinstance(value, str) or not (value or part == "summary"):
                rule = "a string" if part == "summary" else "a non-empty string"
                raise PluginError(f"The {part} of a {self.kind} must be {rule} (got {value!r}). Set it.")

    def add(self, item: Any, origin: Origin) -> None:
        """Add an item. Raises PluginError if its name is already in use."""
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
    """The objects that the installed plugins offer.

    Attributes:
        strategies: Transfer strategies.
        similarities: Distances between source and target features.
        transferabilities: Scores that rank backbones.
        backbones: Sources of backbones.
        readers: Readers of data formats.
        executors: Executors of trials.
        reporters: Writers of reports.
        heads: Kinds of heads that are not linear.
        modalities: Kinds of inputs.
        observers: Plugins that offer no object and only receive events.
        broken: Plugins that could not be loaded, with the reason.
        dropped: Plugins that failed in an event hook, with the reason.
        manager: The plugin manager of pluggy.
    """

    strategies: Registry[Strategy] = field(default_factory=lambda: Registry("strategy", (Strategy,)))
    similarities: Registry[AnySimilarity] = field(
        default_factory=lambda: Registry("similarity", (Similarity, LayerSimilarity))
    )
    transferabilities: Registry[Transferability] = field(
        default_factory=lambda: Registry("transferability", (Transferability,))
    )
    backbones: Registry[BackboneSource] = field(
        default_factory=lambda: Registry("backbone source", (BackboneSource,))
    )
    readers: Registry[Reader] = field(default_factory=lambda: Registry("reader", (Reader,)))
    executors: Registry[Executor] = field(default_factory=lambda: Registry("executor", (Executor,)))
    reporters: Registry[Reporter] = field(default_factory=lambda: Registry("reporter", (Reporter,)))
    heads: Registry[HeadKind] = field(default_factory=lambda: Registry("kind of head", (HeadKind,)))
    modalities: Registry[Modality] = field(default_factory=lambda: Registry("modality", (Modality,)))
    observers: dict[str, Origin] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)
    manager: pluggy.PluginManager = field(default_factory=lambda: pluggy.PluginManager(GROUP))

    def registries(self) -> Mapping[str, Registry[Any]]:
        """Return the registries by name.

        The name is the plural in the name of their hook, ``autotl_<plural>``.
        """
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        return {kind: value for kind, value in found.items() if isinstance(value, Registry)}

    def origins(self) -> list[Origin]:
        """Return the plugins of all objects."""
        return [origin for registry in self.registries().values() for origin in registry.origins.values()]

    def versions(self) -> dict[str, str]:
        """Return the versions of the distributions that offer objects.

        Observers are left out, because they cannot change a result.
        """
        return {origin.distribution: origin.version for origin in self.origins()}

    def about(self, plugin: str) -> str:
        """Return the first paragraph of a plugin's docstring.

        Returns the plugin's name if it has no docstring.
        """
        text = inspect.getdoc(self.manager.get_plugin(plugin)) or plugin
        return text.partition("\n\n")[0].replace("\n", " ").rstrip(".")

    def names(self) -> frozenset[str]:
        """Return all names that can be left out.

        They are those of plugins, broken ones included, and of objects.
        """
        offered = {name for registry in self.registries().values() for name in registry.items}
        return frozenset({name for name, _ in self.manager.list_name_plugin()} | offered | self.broken.keys())

    def notify(self, event: str, **arguments: Any) -> None:
        """Call the hook ``autotl_<event>`` of every plugin, and drop plugins that raise.

        Args:
            event: Name of the hook without its prefix.
            **arguments: Arguments of the hook.
        """
        for name, plugin in self.manager.list_name_plugin():
            try:
                _hook_of(self.manager, plugin, f"autotl_{event}")(**arguments)
            except FAILURES as error:  # plugin code: an observer must not end the search
                self.manager.unregister(plugin)
                self.dropped[name] = f"autotl_{event} raised {described(error)}"
                warnings.warn(
                    f"The plugin {name!r} failed in autotl_{event} and receives no more events of this run: "
                    f"{described(error)}",
                    RuntimeWarning,
                    stacklevel=2,
                )


def load(found: Iterable[EntryPoint] | None = None, *, without: Iterable[str] = ()) -> Catalog:
    """Load every plugin except those left out.

    A plugin that cannot be loaded is recorded in ``broken``.

    Args:
        found: Entry points to load; all installed ones if None.
        without: Names of plugins, or of objects they offer, to leave out.

    Raises:
        UnknownName: If a name in ``without`` does not exist.
        PluginError: If two plugins offer an object of the same kind and name.
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
            offers = _register(manager, point, catalog.registries())
        except FAILURES as error:  # plugin code: any exception is possible
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
                    catalog.registries()[kind].add(item, origin)
    for name in sorted(unused):
        raise UnknownName("plugin", name, known)
    return catalog


@cache
def installed() -> Catalog:
    """Return all installed plugins, which are loaded once in a process."""
    return load()


def _register(
    manager: pluggy.PluginManager, point: EntryPoint, registries: Mapping[str, Registry[Any]]
) -> dict[str, list[Any]]:
    """Register a plugin and return the objects it offers; unregister it if an error occurs."""
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
            kind: [item for batch in _hook_of(manager, plugin, f"autotl_{kind}")() for item in batch]
            for kind in registries
        }
        for kind, items in offers.items():
            for item in items:
                registries[kind].check(item)
        return offers
    except BaseException:
        if manager.has_plugin(point.name):
            manager.unregister(name=point.name)
        raise


def _hook_of(manager: pluggy.PluginManager, plugin: Any, hook: str) -> pluggy.HookCaller:
    """Return the caller of a hook as implemented by this plugin alone."""
    others = [other for other in manager.get_plugins() if other is not plugin]
    return manager.subset_hook_caller(hook, others)
