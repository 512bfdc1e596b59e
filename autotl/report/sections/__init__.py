"""Sections of the report, one module for each."""

SECTIONS = (
    "what", "when", "how", "test", "place", "next_data",
    "arms", "search", "data", "cost", "use", "provenance",
)  # fmt: skip
"""Modules with a function ``section``, in the order of the report; a new section is a new module here."""

__all__ = ["SECTIONS"]
