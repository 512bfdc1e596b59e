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

    The others are compared with the first, by image if the test images are the same. ``print`` shows it as
    text, a notebook as a card.

    >>> found = autotl.compare("first", "second")
    >>> found.sentences, found.table()
    """

    def __init__(self, content: Compared) -> None:
        """Keep the content of a comparison."""
        self._content = content

    @property
    def sentences(self) -> list[str]:
        """The difference of each run to the first, a sentence each."""
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

        ``difference`` is the test score minus that of the first run, paired by image, with ``difference_low``
        and ``difference_high``, the ends of its 95 % interval. Above 0 is better, also if lower scores are.
        ``answer`` is "better", "worse", "no measurable difference" or "not compared".

        ``better_images`` counts the test images that the run alone predicts correctly, and ``worse_images``
        the images that the first run alone predicts correctly. Of numbers, they count values with a smaller
        error. ``gain`` is the gain of transfer over the best baseline of the run. Missing values are null.
        """
        return pd.DataFrame(records.records(self._content))

    def disagreements(self, run: str | None = None) -> pd.DataFrame:
        """Return the test images that one run alone predicts correctly.

        Columns are ``run``, ``path``, ``given``, ``predicted_first``, ``predicted`` and ``right``, the name
        of the run that is right. Numbers have a row for each number of each image, the largest change of
        the error first, with ``number`` and ``closer`` instead of ``right``.

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

        ``width`` is the number of columns, 60 or more; None for those of the terminal.
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
