"""Say which limits the delivered network misses."""

from __future__ import annotations

from autotl.config.limits import Limits, in_mb, in_ms
from autotl.evaluation import Findings


def violated_limits(limits: Limits, findings: Findings) -> list[str]:
    """Notes on limits that the delivered network misses, by what was measured of it in the end."""
    found = []
    if limits.latency is not None and findings.latency is not None and findings.latency > limits.latency:
        found.append(
            f"The delivered model takes {in_ms(findings.latency)} for one image, more than the "
            f"{in_ms(limits.latency)} allowed: it was faster when measured before the search, or its "
            "strategy chose an image size of its own. Measure it where it will run, or allow less."
        )
    if limits.size is not None and findings.size is not None and findings.size > limits.size:
        found.append(
            f"The delivered model's weights take {in_mb(findings.size)}, more than the {in_mb(limits.size)} "
            "allowed."
        )
    return found
