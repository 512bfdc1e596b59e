"""Keep the test part locked until the one evaluation it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.errors import AutotlError

if TYPE_CHECKING:
    from autotl.api.dataset import Rows


class OpenedTwice(AutotlError, RuntimeError):
    """The test part was asked for again: a second look would make it one more validation part."""


class LockedTest:
    """The rows of the test part, handed out once.

    >>> test = LockedTest(splits.test)
    >>> len(test), test.opened
    (40, None)
    >>> rows = test.open("the final evaluation")
    """

    __slots__ = ("_rows", "opened")

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.opened: str | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"<LockedTest of {len(self)} rows, {'opened for ' + self.opened if self.opened else 'locked'}>"

    def open(self, reason: str) -> Rows:
        """The rows, this once. Raises OpenedTwice for who comes second, and tells what the first came for."""
        if self.opened is not None:
            raise OpenedTwice(
                f"The test part was opened already, for {self.opened}; it does not open again for {reason}. "
                "Choose between models on the validation part."
            )
        self.opened = reason
        return self._rows
