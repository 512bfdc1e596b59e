"""Sections of the report, one module for each."""

SECTIONS = (
    "next_data", "test", "pictures.mistakes", "data", "pictures.samples",
    "what", "when", "how", "place",
    "arms", "search", "cost", "use", "provenance",
)  # fmt: skip
"""Modules with a function ``section``, in the order of the report; a new section is a new module here."""

LEADING = frozenset({"next", "test", "mistakes", "data", "classes"})
"""Anchors of the sections that come before the notes."""

__all__ = ["LEADING", "SECTIONS"]
