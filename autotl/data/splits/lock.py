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

    Its pictures may be compared with the training part's, to find copies of them there or a shift between the
    two: :meth:`pictures` gives the rows for that, and nobody who asks for them reads a label.
    """

    __slots__ = ("_rows", "compared", "opened")

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.opened: str | None = None
        self.compared: list[str] = []

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"<LockedTest of {len(self)} rows, {'opened for ' + self.opened if self.opened else 'locked'}>"

    def pictures(self, reason: str) -> Rows:
        """The rows, to look at what the images show and never at their labels; why is kept in
        ``compared``.
        """
        self.compared.append(reason)
        return self._rows

    def open(self, reason: str) -> Rows:
        """The rows, this once. Raises OpenedTwice for who comes second, and tells what the first came for."""
        if self.opened is not None:
            raise OpenedTwice(
                f"The test part was opened already, for {self.opened}; it does not open again for {reason}. "
                "Choose between models on the validation part."
            )
        self.opened = reason
        return self._rows
