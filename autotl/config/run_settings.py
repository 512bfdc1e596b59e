"""Resolve the options of a run to metric, budget, limits and device."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from autotl.api import Columns, TargetSpec
from autotl.cache import parse_cache_size
from autotl.clock import Budget, parse_duration
from autotl.config.limits import Limits, limits_of
from autotl.config.run_config import RunConfig
from autotl.metrics import Metric
from autotl.metrics.custom import get_metric
from autotl.targets import kind_named, target_of

NO_CACHE = "off"
"""The value of ``cache`` that keeps no activations."""
NO_METRIC = "accuracy"
"""The metric of a run whose user names none, before the kind of target is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings(RunConfig):
    """The options of a run with the objects that they name.

    Attributes:
        budget: The seconds and the number of trials; the first to run out ends the search.
        metric: The metric of the search; before the data is read, perhaps that of another kind of target.
        columns: The columns of a table, and the kind of target.
        limits: The limits of the final model.
        device: The torch device; "auto" until :func:`autotl.pipeline.validate.on_device` has chosen one.
        cache_bytes: The disk space of decoded images and activations; None for a fraction of the free space.
        full_profile: Whether every score is measured, however long that takes.
    """

    budget: Budget
    metric: Metric
    columns: Columns = field(default_factory=Columns)
    limits: Limits = field(default_factory=Limits)
    device: str = "cpu"
    cache_bytes: int | None = None
    full_profile: bool = False

    @property
    def seed(self) -> int:
        """The seed of all random choices."""
        return self.search.seed

    @property
    def ensemble(self) -> bool:
        """Whether the final model may combine several networks."""
        return self.model.ensemble

    @property
    def tta(self) -> bool:
        """Whether the final model may average over mirror images."""
        return self.model.tta

    @property
    def image_size(self) -> int | None:
        """The only image size, in pixels; None to search sizes."""
        return self.search.image_size

    @property
    def keeps_activations(self) -> bool:
        """Whether activations of frozen layers are kept on disk."""
        return self.compute.cache != NO_CACHE

    def for_target(self, spec: TargetSpec) -> RunSettings:
        """Return the settings with the metric of a target.

        It is the target's default if the user names none.

        Raises:
            MetricError: The named metric does not score such targets.
        """
        named = self.search.metric
        return replace(
            self, metric=get_metric(target_of(spec).default_metric if named is None else named, spec)
        )

    def reopening(self, backbones: tuple[str, ...], seconds: float | None) -> RunSettings:
        """Return the settings with the backbones and budget of an earlier start."""
        model = replace(self.model, backbone=backbones)
        return replace(self, model=model, budget=replace(self.budget, seconds=seconds))


def resolve(config: RunConfig, *, full_profile: bool = False) -> RunSettings:
    """Return the options with the objects that they name.

    Args:
        config: The options. If neither a budget nor a number of trials is given, apply the preset first.
        full_profile: Whether every score is measured, however long that takes.

    Raises:
        BudgetError: The budget cannot be read, or there is none.
        CacheError: The size of the cache cannot be read.
        LimitError: A limit cannot be read.
        MetricError: The metric cannot be imported or called.
        UnknownName: No metric or kind of target has this name.
    """
    search, model, cache = config.search, config.model, config.compute.cache
    return RunSettings(
        data=config.data,
        search=search,
        model=model,
        compute=config.compute,
        budget=Budget(None if search.budget is None else parse_duration(search.budget), search.trials),
        metric=get_metric(NO_METRIC if search.metric is None else search.metric),
        columns=columns_of(config),
        limits=limits_of(model.max_latency, model.max_size),
        device=config.compute.device,
        cache_bytes=None if cache in (None, NO_CACHE) else parse_cache_size(cache),
        full_profile=full_profile,
    )


def columns_of(config: RunConfig) -> Columns:
    """Return the columns of a table. Raises UnknownName for the target."""
    data = config.data
    labels = data.label or ()
    kind = None if data.target is None else kind_named(data.target)
    label = labels[0] if len(labels) == 1 else labels or None
    return Columns(data.image, label, data.group, kind, text=data.text)
