"""Check the exported model against the user's limits."""

from __future__ import annotations

from autotl.config.limits import Limits, in_mb, in_ms
from autotl.evaluation import Findings


def violated_limits(limits: Limits, findings: Findings) -> list[str]:
    """Return a note on each limit that the exported model violates."""
    found = []
    if limits.latency is not None and findings.latency is not None and findings.latency > limits.latency:
        found.append(
            f"The exported model takes {in_ms(findings.latency)} for one image, more than the "
            f"{in_ms(limits.latency)} allowed. It was faster before the search, or its strategy chose "
            "another image size. Measure it on the machine where it will run, or lower max_latency."
        )
    if limits.size is not None and findings.size is not None and findings.size > limits.size:
        found.append(
            f"The exported model's weights take {in_mb(findings.size)}, more than the {in_mb(limits.size)} "
            "allowed."
        )
    return found
