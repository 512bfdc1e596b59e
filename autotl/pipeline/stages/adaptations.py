"""Check that a strategy adapts to the place of use."""

from __future__ import annotations

from autotl.api import TargetSpec
from autotl.data import join_names
from autotl.errors import ArgumentError
from autotl.pipeline.validate import ValidatedCall
from autotl.preparation.additional.roles import adaptations, searched

PLUGIN = "autotl-adapt"
"""The plugin whose strategies adapt."""


def check_adaptations(call: ValidatedCall) -> None:
    """Check that images of the place of use have a strategy.

    A named strategy that adapts needs such images too.

    Args:
        call: The checked call.

    Raises:
        ArgumentError: No strategy adapts, only strategies that adapt are named, or one is named without such
            images.
    """
    known, given = call.strategies, call.settings.data.deploy is not None
    if not given and adaptations(known):
        raise ArgumentError(
            f"{join_names(adaptations(known))} needs images of the place of use, and none were given. Give "
            "them with deploy (--deploy), or name other strategies."
        )
    if not given:
        return
    if not adaptations(known):
        raise ArgumentError(_missing(call))
    if not searched(known):
        raise ArgumentError(
            f"strategies must name a strategy for the search (got only {join_names(known)}, which adapt "
            "its model). Name another one too, such as linear_probe."
        )


def refuse_other_targets(target: TargetSpec) -> None:
    """Check that each labelled image has one class, which adapting needs.

    Args:
        target: The target of the labelled images.

    Raises:
        ArgumentError: They have several labels or numbers.
    """
    if target.kind != "single_label":
        given = "numbers" if target.kind == "regression" else "several labels"
        raise ArgumentError(
            f"deploy needs one class for each image (these have {given}). Leave deploy (--deploy) out."
        )


def missing_note(call: ValidatedCall) -> tuple[str, ...]:
    """Return a note for a resumed run whose adaptations are gone."""
    if call.settings.data.deploy is None or adaptations(call.strategies):
        return ()
    return (
        "Nothing is adapted to the images of the place of use: the plugin is no longer installed. Install it "
        "and resume.",
    )


def _missing(call: ValidatedCall) -> str:
    installed = adaptations(call.catalog.strategies.items)
    if installed and call.settings.search.strategies:
        return (
            f"deploy needs a strategy that adapts (got {join_names(call.strategies)}; installed: "
            f"{join_names(installed)}). Name one of these too, or leave deploy (--deploy) out."
        )
    return (
        f"deploy needs a strategy that adapts, and none is installed. Install the plugin {PLUGIN} (in a "
        f"checkout: pip install ./plugins/{PLUGIN}), or leave deploy (--deploy) out."
    )
