"""Share options, plugins, services and time between the stages."""

from __future__ import annotations

from dataclasses import dataclass, replace

from autotl.api import Dataset
from autotl.budget.subsampling import is_late, seconds_left
from autotl.clock import Deadline, seconds_since_start
from autotl.config.run_settings import RunSettings
from autotl.modalities import noun_of
from autotl.pipeline.services import Plugins, Services


@dataclass(frozen=True, slots=True)
class Context:
    """The objects that every stage may use.

    Attributes:
        settings: The options of the run.
        plugins: The plugins of the run.
        services: The store, the clock and the watch.
        started: The start of the preparation on the clock.
    """

    settings: RunSettings
    plugins: Plugins
    services: Services
    started: float

    @classmethod
    def start(cls, settings: RunSettings, plugins: Plugins, services: Services) -> Context:
        """Start the time of a preparation; seconds for imports have passed already.

        Args:
            settings: The options of the run.
            plugins: The plugins of the run.
            services: The store, the clock and the watch.
        """
        return cls(settings, plugins, services, services.clock.now() - seconds_since_start())

    def about(self, dataset: Dataset) -> Context:
        """Return the same context, whose sentences name the inputs of this data."""
        return replace(self, services=self.services.about(noun_of(dataset)))

    @property
    def end(self) -> Deadline:
        """The end of the budget; none in a full profile."""
        seconds, clock = self.settings.budget.seconds, self.services.clock
        if seconds is None or self.settings.full_profile:
            return Deadline(clock)
        return Deadline(clock, self.started + seconds)

    def left(self) -> float | None:
        """Return the seconds that are left; None without a budget."""
        return seconds_left(self.settings.budget.seconds, self.services.clock.now() - self.started)

    def is_late(self) -> bool:
        """Return whether so little time is left that optional steps are skipped."""
        return is_late(self.settings, self.left())
