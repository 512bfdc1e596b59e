"""Mask the passwords in database URLs before they are shown or stored."""

from __future__ import annotations

import re

VARIABLE = "AUTOTL_STORAGE"
"""The environment variable for a run's storage URL, which keeps the URL off the command line."""
HIDDEN = "***"
_PASSWORD_IN_AUTHORITY = re.compile(r"([A-Za-z][\w+.-]*://[^:/@\s]*:)[^@]*@")
_PASSWORD_IN_QUERY = re.compile(r"([?&][^=&\s]*(?:pass|pwd|secret|token)[^=&\s]*=)[^&\s]*", re.IGNORECASE)


def masked(text: str) -> str:
    """Replace each password of a URL in the text by three stars.

    >>> masked("postgresql://me:secret@host/runs")
    'postgresql://me:***@host/runs'
    """
    return _PASSWORD_IN_QUERY.sub(rf"\g<1>{HIDDEN}", _PASSWORD_IN_AUTHORITY.sub(rf"\g<1>{HIDDEN}@", text))
