"""Settings of linear classifiers on frozen features.

They are fitted before a search.
"""

from __future__ import annotations

from autotl.api import HeadSetting

DEFAULT_C = 0.022
"""The linear probe's default."""
PROBE = HeadSetting(0.01)
"""The linear classifier that judges labels before a search.

It is regularised more than the linear probe's default, so that it contradicts fewer correct labels.
"""
PROBE_SETTINGS = (PROBE, HeadSetting(DEFAULT_C))
"""Settings that are fitted together: the probe, and that of the linear probe at almost no extra time."""
