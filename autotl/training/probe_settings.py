"""The linear classifiers that are fitted to frozen features before any search."""

from __future__ import annotations

from autotl.api import HeadSetting

PROBE = HeadSetting(0.01)
"""The linear classifier that looks at frozen features before any search. It is held back more than the one
that is to classify: what it says against a label is then right more often.
"""
LOOKED = (PROBE, HeadSetting(0.022))
"""The settings that are fitted together, as the second costs next to nothing beside the first: the one that
looks, and the linear probe's default.
"""
