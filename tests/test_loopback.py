"""Addresses and Host headers of this machine are told from all others."""

from __future__ import annotations

import pytest

from autotl.loopback import is_loopback, names_this_machine


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("", False),
        ("server", False),
    ],
)
def test_an_address_that_others_reach_is_recognised(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.2:80", "localhost", "localhost:9999", "LOCALHOST:80", "[::1]", "[::1]:8000"],
)
def test_a_header_that_names_this_machine_is_accepted(host: str) -> None:
    assert names_this_machine(host)


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "evil.example:80", "127.0.0.1.evil.example", "localhost:80@evil.example", "::1"],
)
def test_other_headers_are_refused(host: str) -> None:
    assert not names_this_machine(host)
