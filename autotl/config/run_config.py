"""Hold the options of a run, as the user gave them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from autotl.config.compute_options import ComputeOptions
from autotl.config.option_facts import KEY, Option
from autotl.config.options import DataOptions, ModelOptions, SearchOptions

Config = TypeVar("Config", bound="RunConfig")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """The options of a run, as the user gave them."""

    data: DataOptions = field(default_factory=DataOptions)
    search: SearchOptions = field(default_factory=SearchOptions)
    model: ModelOptions = field(default_factory=ModelOptions)
    compute: ComputeOptions = field(default_factory=ComputeOptions)

    @classmethod
    def of(cls, **arguments: Any) -> RunConfig:
        """Return the options that arguments of :func:`autotl.fit` give.

        Others have their defaults. A single name becomes a tuple of one name.

        Raises:
            TypeError: No option has such a name.
        """
        return RunConfig().with_arguments(**arguments)

    def with_arguments(self: Config, **arguments: Any) -> Config:
        """Return the options with other values for some, by name."""
        groups: dict[str, dict[str, Any]] = {}
        known = all_options()
        for name, value in arguments.items():
            if name not in known:
                raise TypeError(f"{name} is not an option of a run. Choose one of: {', '.join(known)}.")
            groups.setdefault(known[name].group, {})[name] = known[name].normalised(value)
        changed = {group: replace(getattr(self, group), **values) for group, values in groups.items()}
        return replace(self, **changed)

    def arguments(self) -> dict[str, Any]:
        """Return the value of each option, by name."""
        return {name: getattr(getattr(self, each.group), name) for name, each in all_options().items()}


@dataclass(frozen=True, slots=True)
class OptionField:
    """An option with its place in :class:`RunConfig`.

    Attributes:
        name: The name of the field, which is that of the argument of ``fit``.
        group: The attribute of :class:`RunConfig` that holds the field.
        default: The value if the user gives none.
        hint: The type of the field.
        option: Its facts.
    """

    name: str
    group: str
    default: Any
    hint: Any
    option: Option

    @property
    def is_list(self) -> bool:
        """Whether the value is a tuple of names."""
        return isinstance(self.default, tuple)

    def normalised(self, value: Any) -> Any:
        """Return the value; a list of names becomes a tuple of strings."""
        if not self.is_list:
            return value
        return self.default if value is None else names_of(value) or self.default


@cache
def all_options() -> Mapping[str, OptionField]:
    """Return all options by name, in the order of their declaration."""
    found: dict[str, OptionField] = {}
    for group, kind in get_type_hints(RunConfig).items():
        hints = get_type_hints(kind)
        for each in fields(kind):
            found[each.name] = OptionField(
                each.name, group, each.default, hints[each.name], each.metadata[KEY]
            )
    return found


def names_of(value: str | Path | Iterable[str | Path]) -> tuple[str, ...]:
    """Return one or several names as a tuple."""
    return (str(value),) if isinstance(value, str | Path) else tuple(map(str, value))
