"""Keep the options of a run as flat JSON in ``run.json``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autotl import jsonio
from autotl.config.argument_types import accepts_json, json_words
from autotl.config.run_config import RunConfig, all_options
from autotl.errors import RunError
from autotl.masking import masked
from autotl.metrics import import_reference
from autotl.results import RUN_FILE

OBJECTS = ("data", "source", "unlabelled", "deploy")
"""Options that may be objects instead of paths."""
REMOVED_EXECUTOR = "queue"
"""The executor of runs of an earlier version that is gone; such a run resumes with the default one."""
IN_MEMORY = "in_memory"
"""The key of a run file that lists the options whose objects it cannot hold."""


def to_json(config: RunConfig) -> dict[str, Any]:
    """Return the options as plain JSON data.

    Paths become absolute. A function becomes ``module:function``. Objects in memory, and functions that
    cannot be imported, become null and are listed under ``in_memory``. Passwords are masked.
    """
    given = config.arguments()
    found = dict(given)
    for name in OBJECTS:
        found[name] = absolute(given[name]) if isinstance(given[name], str | os.PathLike) else None
    found["backbone"] = [absolute_folder(name) for name in given["backbone"]]
    found["metric"] = (
        given["metric"] if isinstance(given["metric"], str | None) else import_reference(given["metric"])
    )
    found["storage"] = given["storage"] and masked(given["storage"])
    found[IN_MEMORY] = [
        name for name in (*OBJECTS, "metric") if given[name] is not None and found[name] is None
    ]
    plain: dict[str, Any] = jsonio.plain(found)
    return plain


def check_json(arguments: Mapping[str, Any], folder: Path) -> tuple[dict[str, Any], list[str]]:
    """Check the options in a ``run.json``, which a person may have edited.

    Args:
        arguments: The options by name, as :func:`to_json` gave them.
        folder: The run folder, which errors name.

    Returns:
        The options that this autotl knows, and a note on each other one.

    Raises:
        RunError: An option has a wrong type.
    """
    known = {name: _of_now(name, value) for name, value in arguments.items() if name in all_options()}
    listed = arguments.get(IN_MEMORY, [])
    fault = next(
        (_fault(name, json_words(name)) for name in known if not accepts_json(name, known[name])), ""
    )
    if not fault and not (isinstance(listed, list) and all(isinstance(name, str) for name in listed)):
        fault = _fault(IN_MEMORY, "a list of names")
    if fault:
        raise RunError(
            f"The arguments in {folder / RUN_FILE} were edited: {fault}. Restore the file, or start a new "
            "run in another folder."
        )
    if known.get("executor") == REMOVED_EXECUTOR:
        known["executor"] = "auto"
    notes = [
        f"{RUN_FILE} has the argument {name}, which this autotl does not know: it is ignored."
        for name in sorted(arguments.keys() - known.keys() - {IN_MEMORY})
    ]
    return {**known, IN_MEMORY: listed}, notes


def absolute(path: str | os.PathLike[str]) -> str:
    """Return a path that is valid from any folder."""
    return str(Path(path).expanduser().resolve())


def absolute_folder(name: str) -> str:
    """Return the absolute path of a folder, or the name."""
    return absolute(name) if Path(name).expanduser().is_dir() else name


def _of_now(name: str, value: Any) -> Any:
    """Return the value of an option in its present form: ``label`` was one name or null."""
    if name != "label" or isinstance(value, list):
        return value
    return [] if value is None else [value]


def _fault(name: str, words: str) -> str:
    return f"{name} must be {words}"
