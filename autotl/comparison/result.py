"""The result of a comparison."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console

from autotl.comparison import disagreements, records
from autotl.comparison.content import Compared
from autotl.comparison.render import card, page, terminal
from autotl.comparison.sentences import sentences
from autotl.errors import ArgumentError
from autotl.files import open_output


class Comparison:
    """Several runs side by side.

    Each other run is compared with the first, by image if both have the same test images. ``print`` shows
    the comparison as text, a notebook shows it as a card.

    >>> found = autotl.compare("first", "second")
    >>> found.sentences, found.table()
    """

    def __init__(self, content: Compared) -> None:
        """Keep the content of a comparison."""
        self._content = content

    @property
    def sentences(self) -> list[str]:
        """A sentence on each further run: how its test score differs."""
        return [each.replace("`", "") for each in sentences(self._content)]

    @property
    def notes(self) -> list[str]:
        """Remarks, such as the warnings of a run."""
        return [each.replace("`", "") for each in self._content.notes]

    @property
    def document(self) -> dict[str, Any]:
        """Everything as plain data, as ``autotl compare --json`` prints it."""
        return records.document(self._content)

    def table(self) -> pd.DataFrame:
        """Return a row for each run.

        ``difference`` is the test score of a run minus that of the first run, on images that both scored. It
        is above 0 if the run is better, also if lower numbers of the metric are better. ``difference_low``
        and ``difference_high`` are the ends of its 95 % interval. ``p`` is the p-value of no difference, and
        ``p_corrected`` is corrected for the number of compared runs. ``answer`` is "better", "worse",
        "no measurable difference" or "not compared".

        ``better_images`` counts the test images that only this run predicts correctly, and ``worse_images``
        the test images that only the first run predicts correctly. For numbers, a smaller error counts.
        ``gain`` is the gain of transfer over the best baseline of the run. Missing values are null.
        """
        return pd.DataFrame(records.records(self._content))

    def disagreements(self, run: str | None = None) -> pd.DataFrame:
        """Return the test images that only one of two runs predicts correctly.

        Columns are ``run``, ``path``, ``given``, ``predicted_first``, ``predicted`` and ``right``, the
        run that is right. If the runs predict numbers, each number of each image has a row, the largest
        change of the error first. The columns ``number`` and ``closer`` then replace ``right``.

        Args:
            run: The name of a run that is compared with the first; None for all.

        Raises:
            ArgumentError: No other run has this name.
        """
        found = self._content.differences
        names = [each.run.name for each in found]
        if run is not None and run not in names:
            raise ArgumentError(
                f"run must be one of {', '.join(names)} (got {run!r}). Leave it out for all runs."
            )
        return disagreements.disagreements([each for each in found if run in (None, each.run.name)])

    def text(self, *, width: int | None = None) -> str:
        """Return the comparison as text.

        ``width`` is the number of columns, 60 or more; None takes the width of the terminal.
        """
        return terminal.text(self._content, width=width or shutil.get_terminal_size().columns)

    def show(self, console: Console) -> None:
        """Print the comparison on a console of rich."""
        terminal.show(self._content, console)

    def save(self, out: str | Path) -> Path:
        """Write the comparison as a self-contained HTML page, and return its path.

        Raises RunError if the file cannot be written.
        """
        path = Path(out)
        with open_output(path) as file:
            file.write(page.page(self._content).encode("utf-8"))
        return path

    def __repr__(self) -> str:
        return f"<autotl.Comparison {' '.join(self.sentences)}>"

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return card.card(self._content)
