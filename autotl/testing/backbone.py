"""Check the contract of a backbone source, for built-ins and plugins alike."""

from __future__ import annotations

import pytest

from autotl.api import BackboneSource, Weights
from autotl.backbone import create, stages_of
from autotl.errors import UnknownName, WeightsError

UNKNOWN_NAME = "no-such-backbone-anywhere"


class BackboneSourceChecks:
    """Conformance checks of :class:`autotl.api.BackboneSource`, to be subclassed.

    >>> from autotl.builtin.sources.tiny import Tiny
    >>> class TestTiny(BackboneSourceChecks):
    ...     source = Tiny()
    ...     openable = "tiny"

    Attributes:
        source: The source to check.
        openable: A name that it opens without network access; None if there is none.
    """

    source: BackboneSource
    openable: str | None = None

    def test_it_keeps_the_contract(self) -> None:
        assert isinstance(self.source, BackboneSource)

    def test_it_says_what_it_is_in_one_line(self) -> None:
        assert self.source.name
        assert " " not in self.source.name
        assert self.source.summary
        assert "\n" not in self.source.summary

    def test_it_opens_every_name_it_offers(self) -> None:
        offers = list(self.source.offers())
        assert len(set(offers)) == len(offers)
        for name in offers:
            answer = self.source.opens(name)
            assert answer.ok
            assert answer.why

    def test_it_leaves_strange_names_to_others_and_says_why(self) -> None:
        answer = self.source.opens(UNKNOWN_NAME)
        assert not answer.ok
        assert answer.why

    def test_it_fails_with_an_error_that_autotl_knows(self) -> None:
        with pytest.raises((UnknownName, WeightsError)):
            self.source.open(UNKNOWN_NAME)

    def test_what_it_opens_is_a_model_with_stages(self) -> None:
        if self.openable is None:
            pytest.skip("the source opens nothing without network access")
        weights = self.source.open(self.openable)
        assert isinstance(weights, Weights)
        assert weights.name
        assert weights.origin
        assert len(stages_of(create(weights))) >= 2

    def test_it_opens_a_name_the_same_way_twice(self) -> None:
        if self.openable is None:
            pytest.skip("the source opens nothing without network access")
        assert self.source.open(self.openable) == self.source.open(self.openable)
