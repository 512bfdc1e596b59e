"""Hide the passwords in what is kept or shown of a database's URL."""

from __future__ import annotations

import re

VARIABLE = "AUTOTL_STORAGE"
"""The environment variable that may hold a run's storage URL, so that no command line need show it."""
HIDDEN = "***"
_IN_FRONT = re.compile(r"([A-Za-z][\w+.-]*://[^:/@\s]*:)[^@]*@")
_AS_OPTION = re.compile(r"([?&][^=&\s]*(?:pass|pwd|secret|token)[^=&\s]*=)[^&\s]*", re.IGNORECASE)


def masked(told: str) -> str:
    """The text with three stars for each password in a URL.

    >>> masked("postgresql://me:secret@host/runs")
    'postgresql://me:***@host/runs'
    """
    return _AS_OPTION.sub(rf"\g<1>{HIDDEN}", _IN_FRONT.sub(rf"\g<1>{HIDDEN}@", told))
