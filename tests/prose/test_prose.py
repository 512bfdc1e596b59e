"""The prose of the repository keeps its bounds: ``python -m tests.prose`` prints each sentence to mend."""

from __future__ import annotations

import pytest

from tests.prose.areas import OVERALL, RATES, areas, bounds, measured
from tests.prose.measure import Fault, measure, total

FAULTS: dict[str, Fault] = {
    "phrases": "phrase",
    "long": "long",
    "openers": "opener",
    "summaries": "summary",
    "args": "args",
    "attributes": "attributes",
}
AREAS = areas()


@pytest.mark.parametrize("area", AREAS)
def test_an_area_keeps_its_bounds(area: str) -> None:
    target, known = bounds()
    allowed = known.get(area, target)
    found = measure(AREAS[area], forms=area.startswith("autotl"))
    rates = found.rates()
    broken = [rate for rate in RATES if rates[rate] > allowed[rate]]
    shown = [str(each) for each in found.findings if each.fault in {FAULTS[rate] for rate in broken}]
    said = [f"{rate}: {rates[rate]:.2f}, at most {allowed[rate]:g}" for rate in broken]
    assert not broken, "\n".join([f"{area} breaks its bounds in tests/prose/bounds.toml", *said, *shown])


def test_all_areas_together_keep_their_bounds() -> None:
    allowed = bounds()[1][OVERALL]
    rates = total(measured().values()).rates()
    assert {rate: rates[rate] for rate in RATES if rates[rate] > allowed[rate]} == {}


def test_every_bound_is_of_an_area_that_exists() -> None:
    assert bounds()[1].keys() - AREAS.keys() == {OVERALL}
