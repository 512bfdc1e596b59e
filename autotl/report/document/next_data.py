"""Define the part of a report about what to do next."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NextData:
    """Advice with the figure that it rests on.

    Attributes:
        action: "collect", "check", "search", "group" or "stop".
        about: Subject, such as "labelled images", "class" or "time".
        stake: Share of the score that it concerns, in [0, 1]; None if that was not measured.
        sentence: The advice and its figure.
    """

    action: str | None = None
    about: str | None = None
    stake: float | None = None
    sentence: str | None = None
