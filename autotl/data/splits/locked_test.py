"""Lock the test set until its one evaluation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autotl.errors import AutotlError

if TYPE_CHECKING:
    from autotl.api.dataset import Rows


class LockedTestReopened(AutotlError, RuntimeError):
    """The test set was opened twice, like a validation set."""


class LockedTest:
    """The rows of the test set, which can be opened once.

    >>> test = LockedTest(splits.test)
    >>> len(test), test.opened
    (40, None)
    >>> rows = test.open("the final evaluation")

    The images, without their labels, may be compared with the training set: see :meth:`image_rows`.
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

    def image_rows(self, reason: str) -> Rows:
        """Return the rows, to compare images without their labels.

        Args:
            reason: The purpose, kept in ``compared``.
        """
        self.compared.append(reason)
        return self._rows

    def open(self, reason: str) -> Rows:
        """Return the rows, once.

        Args:
            reason: The purpose, kept in ``opened``.

        Raises:
            LockedTestReopened: The test set was opened before.
        """
        if self.opened is not None:
            raise LockedTestReopened(
                f"The test part must be opened once only (got {reason}, after {self.opened}). "
                "Choose between models on the validation part."
            )
        self.opened = reason
        return self._rows
