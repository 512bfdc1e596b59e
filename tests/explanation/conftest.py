"""Explanations need captum."""

from __future__ import annotations

from importlib.util import find_spec

if find_spec("captum") is None:
    collect_ignore_glob = ["test_*.py"]
