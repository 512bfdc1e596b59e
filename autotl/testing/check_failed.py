"""The failure of a conformance check, in words."""

from __future__ import annotations


class CheckFailed(AssertionError):
    """A plugin breaks a rule of its contract.

    The message has the rule, the observation and some advice.
    """


def require(holds: object, given: str, rule: str, advice: str) -> None:
    """Raise CheckFailed unless a rule holds.

    Args:
        holds: Whether it holds.
        given: The observation.
        rule: The rule, as a sentence.
        advice: The change to make, as a sentence.
    """
    if not holds:
        raise CheckFailed(f"{rule} (got {given}). {advice}")
