"""Profile the data of a run before training."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autotl import report
from autotl.api import Strategy
from autotl.cache import Store
from autotl.pipeline.experience import prediction, recall
from autotl.pipeline.forecasts import profile_forecasts
from autotl.pipeline.prepare import Prepared, prepare
from autotl.pipeline.services import Services
from autotl.pipeline.validate import ValidatedCall
from autotl.preparation.additional.roles import adaptations


def profile_data(call: ValidatedCall, cache: Path) -> dict[str, Any]:
    """Return the profile of the data, with predictions.

    Args:
        call: The checked call.
        cache: The folder of images and activations.
    """
    store = Store(cache, bound=call.settings.cache_bytes)
    prepared = prepare(call.settings, call.plugins, Services(store, call.clock, call.watch))
    found = profile(prepared, call.catalog.strategies.items)
    known = recall(prepared, prepared.metric.key) if call.settings.search.experience else None
    found["when"]["experience"] = prediction(known, None, ())
    found["when"] |= profile_forecasts(call, prepared)
    return found


def profile(prepared: Prepared, installed: Mapping[str, Strategy]) -> dict[str, Any]:
    """Return the ``when`` and ``quality`` of a report, as known before training.

    Args:
        prepared: The prepared search.
        installed: All installed strategies, by name.
    """
    found = report.profile(
        report.ProfileEvidence(
            task=prepared.task,
            splits=prepared.splits,
            likeness=prepared.likeness,
            overlap=prepared.overlap,
            copies=prepared.copies,
            ranking=prepared.ranking,
            outlook=prepared.learning_curve,
            advice=prepared.advice,
            quality=prepared.quality,
            examined={**prepared.issues.reported, "groups": prepared.groups},
            targets=prepared.dataset.targets[prepared.splits.train],
            can_adapt=bool(adaptations(installed)),
        )
    )
    if (extra := prepared.extra_images) is not None:
        found["when"]["n_train_by_network"] = dict.fromkeys(extra.networks, extra.task.train_rows)
    return found
