"""Let mkdocstrings read the docstrings as Markdown."""

from __future__ import annotations

from typing import Any

import griffe

from docs.site.markdown import of_docstring


class MarkdownDocstrings(griffe.Extension):
    """Rewrites roles, examples and tables of every docstring."""

    def on_object(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Rewrite the docstring of a module, class, function or attribute."""
        if obj.docstring is not None:
            obj.docstring.value = of_docstring(obj.docstring.value)
