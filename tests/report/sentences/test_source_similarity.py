from __future__ import annotations

from typing import Any

import pytest

from autotl.report import parse
from autotl.report.sections import when


@pytest.mark.parametrize(("measures", "told"), [(1, True), (2, True), (8, False)])
def test_a_run_that_left_out_measures_says_where_they_are(
    sample: dict[str, Any], measures: int, told: bool
) -> None:
    backbone = sample["verdict"]["backbone"]
    one = {"value": 1.0, "calibrated": 0.62, "ci95": [0.5, 0.7], "reference": "shipped"}
    sample["when"]["similarity"] = {backbone: {f"measure{number}": one for number in range(measures)}}
    [found] = [each for each in when.section(parse(sample)).sentences if "rather similar" in each]
    assert "0.62 on a scale" in found
    assert ("'autotl analyze'" in found) == told
