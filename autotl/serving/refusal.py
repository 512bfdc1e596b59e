"""Refuse a request with a status and a reason."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from autotl.errors import AutotlError

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Refusal(AutotlError):
    """A request that is not answered, with the reason as JSON.

    Attributes:
        status: The HTTP status, 400 to 599.
        code: The kind of the reason, in one word.
        given: The input that was given.
        must: The condition that must hold.
        headers: Further headers of the answer.
    """

    def __init__(
        self, status: int, code: str, *, given: str, must: str, headers: Mapping[str, str] = NO_HEADERS
    ) -> None:
        """Describe a refusal.

        Args:
            status: The HTTP status, 400 to 599.
            code: The kind of the reason, in one word.
            given: The input that was given.
            must: The condition that must hold.
            headers: Further headers of the answer.
        """
        super().__init__(f"{must} (got {given}).")
        self.status, self.code, self.given, self.must = status, code, given, must
        self.headers = dict(headers)


def busy(given: str) -> Refusal:
    """Return the refusal of a request when too much waits already."""
    must = "fewer requests may wait; send this one again after a second"
    return Refusal(503, "busy", given=given, must=must, headers={"Retry-After": "1"})


def shown(text: str, most: int = 200) -> str:
    """Return text of a request or a name as valid, bounded Unicode."""
    valid = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return valid if len(valid) <= most else f"{valid[:most]}…"
