"""The library asks for no modality: it calls the contract, so that a plugin can add one."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.structure.modalities import asking
from tests.structure.modules import Module, modules

MOST = 13
"""Lines that may ask for a modality, outside of the packages of modalities."""


def test_no_line_asks_for_a_modality():
    found = asking(modules())
    assert len(found) <= MOST, "move what these lines decide onto autotl.api.Modality:\n" + "\n".join(found)


def test_comparisons_types_and_choices_by_name_are_found():
    code = """
if task.modality == "text": pass
if UNNAMED_MODALITY != dataset.modality: pass
isinstance(config, (DataConfig, Other))
READERS[listing.modality]
CALLS.get(modality, ())
{"image": 1, "text": 2}
"""
    fine = """
if weights.modality != dataset.modality: pass
modality_named(task.modality).noun
isinstance(values, LazyImages)
found["image"]
{"image": 1, "label": 2}
"""
    assert len(asking({"autotl.some": module(code)})) == 6
    assert asking({"autotl.some": module(fine), "autotl.modalities.kinds": module(code)}) == []


def module(code: str) -> Module:
    return Module("autotl.some", Path("some.py"), 1, ast.parse(code))
