"""Merge the options of a resumed run with those of its start."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from autotl.api import TargetSpec
from autotl.clock import parse_duration
from autotl.config.run_config import RunConfig, all_options
from autotl.config.run_json import IN_MEMORY, OBJECTS, to_json
from autotl.errors import RunError
from autotl.masking import VARIABLE, masked
from autotl.metrics import METRIC_NAMES
from autotl.results import RunFile
from autotl.targets import TARGETS, target_of


@dataclass(frozen=True, slots=True)
class _Merge:
    """The options of both calls, as JSON and as given.

    Attributes:
        folder: The run folder.
        given: The values of the present call, by name.
        new: The same as JSON.
        usual: The defaults as JSON.
        old: The options of the start of the run as JSON.
        explicit: Names whose values count even if they are the default.
    """

    folder: Path
    given: Mapping[str, Any]
    new: Mapping[str, Any]
    usual: Mapping[str, Any]
    old: Mapping[str, Any]
    explicit: Collection[str]

    def value(self, name: str) -> Any:
        """Return the value of an option that the resumed run uses. Raises RunError."""
        if name in OBJECTS:
            return self._object(name)
        if name == "metric" and name in self.old[IN_MEMORY]:
            return self._function()
        found = self._own_or_kept(name)
        if name == "storage" and found is not None and self.given[name] is None:
            return _storage_with_password(found, self.folder)
        return found

    def _object(self, name: str) -> Any:
        if self.given[name] is None and name in self.old[IN_MEMORY]:
            raise RunError(
                f"The run in {self.folder} used {name} in memory. Resume it from Python with the same "
                f"{name}: autotl.resume({str(self.folder)!r}, {name}=...)."
            )
        return self.old[name] if self.given[name] is None else self.given[name]

    def _function(self) -> Any:
        if not callable(self.given["metric"]):
            raise RunError(
                f"The run in {self.folder} used a Python function as metric. Resume it from Python and pass "
                f"the function: autotl.resume({str(self.folder)!r}, metric=...)."
            )
        return self.given["metric"]

    def _own_or_kept(self, name: str) -> Any:
        kept = self.old[name]
        if name not in self.explicit and self.new[name] == self.usual[name]:
            if name == "metric" and kept is not None and kept not in METRIC_NAMES:
                raise RunError(
                    f"The run in {self.folder} used the metric {kept!r}, a function. No code runs because a "
                    f"file names it. If you know this function, give it again: --metric {kept} (metric=)."
                )
            return kept
        if self.new[name] != kept and not all_options()[name].option.resumable:
            usual = sorted({target_of(TargetSpec(kind, ())).default_metric for kind in TARGETS})
            unnamed = name == "metric" and kept is None
            if unnamed and self.new[name] in usual:
                return self.given[name]  # the data's kind of target decides whether it is the same metric
            wanted = f"the target's default ({', '.join(usual)})" if unnamed else repr(kept)
            raise RunError(
                f"{name} must be {wanted}, as at the start of the run in {self.folder} "
                f"(got {self.new[name]!r}). Leave it out, or start a new run in another folder."
            )
        return self.given[name]


def merge(config: RunConfig, file: RunFile, folder: Path, *, explicit: Collection[str] = ()) -> RunConfig:
    """Return the options that a resumed run uses.

    An option of the start of the run stays, unless the present call gives another value.

    Args:
        config: The options of the present call. A default counts as not given.
        file: The run file, with checked arguments.
        folder: The run folder, which errors name.
        explicit: Names whose values count even if they are the default.

    Raises:
        RunError: The options would make it another run, or a finished run gets no more budget. Or data in
            memory, a metric to import or a database is not given again. A run folder may be somebody else's,
            so it decides neither which code runs nor which database is opened.
    """
    new, usual = to_json(config), to_json(RunConfig())
    old = {**usual, **file.arguments}
    if file.ended == "finished":
        _check_more_budget(new, old, folder)
    both = _Merge(folder, config.arguments(), new, usual, old, explicit)
    return RunConfig.of(**{name: both.value(name) for name in all_options()})


def changed_versions(file: RunFile, plugins: Mapping[str, str]) -> list[str]:
    """Return a sentence on each distribution whose version has changed.

    Args:
        file: The run file.
        plugins: The installed versions by distribution.
    """
    now = {"autotl": version("autotl"), **plugins}
    then = {"autotl": file.autotl, **file.plugins}
    return [
        f"{name} has changed since the run started: {then.get(name, 'not installed')} then, "
        f"{now.get(name, 'not installed')} now."
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    ]


def _storage_with_password(kept: str, folder: Path) -> str:
    """Return the URL from the environment, if the run used the same."""
    found = os.environ.get(VARIABLE)
    if found is None or masked(found) != kept:
        state = "is not set" if found is None else f"is {masked(found)}"
        raise RunError(
            f"The run in {folder} keeps its studies in {kept}. No database is opened because a file names "
            "it, and passwords are not kept. If you know this database, give the whole URL as --storage "
            f"(storage=) or in the environment variable {VARIABLE}, which {state}."
        )
    return found


def _check_more_budget(new: Mapping[str, Any], old: Mapping[str, Any], folder: Path) -> None:
    """Raise RunError unless the budget or the number of trials has grown."""
    budgets = new["budget"], old["budget"]
    longer = None not in budgets and parse_duration(budgets[0]) > parse_duration(budgets[1])
    more = None not in (new["trials"], old["trials"]) and new["trials"] > old["trials"]
    if not longer and not more:
        had = ", ".join(f"{name} {old[name]}" for name in ("budget", "trials") if old[name] is not None)
        raise RunError(
            f"The run in {folder} is finished: nothing is left to do. It had {had}. Give more of that to "
            "resume it."
        )
