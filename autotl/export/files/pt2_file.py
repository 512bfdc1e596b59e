"""Write a graph as torch keeps it, and the facts in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch.export import ExportedProgram

FACTS = "autotl.json"
"""The name of the facts inside the file."""


def write_pt2(path: Path, program: ExportedProgram, facts: Mapping[str, Any]) -> None:
    """Write a graph as a ``.pt2`` file.

    Args:
        path: The file.
        program: The graph.
        facts: The facts, as JSON data.
    """
    torch.export.save(program, path, extra_files={FACTS: json.dumps(facts)})
