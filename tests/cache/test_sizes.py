"""Check the notations of cache sizes."""

from __future__ import annotations

import pytest

from autotl.cache import parse_cache_size
from autotl.errors import CacheError


@pytest.mark.parametrize(
    ("text", "bytes_"),
    [("2GiB", 2**31), ("2g", 2**31), ("500 MB", 500_000_000), ("1.5gib", 3 * 2**29), (2**20, 2**20)],
)
def test_sizes_are_read(text: str | int, bytes_: int) -> None:
    assert parse_cache_size(text) == bytes_


@pytest.mark.parametrize("text", ["much", "2 parsecs", "", "-1GB"])
def test_the_error_for_an_invalid_size_shows_the_syntax(text: str) -> None:
    with pytest.raises(CacheError, match="'2GiB' or '500MB', or 'off'"):
        parse_cache_size(text)


def test_a_cache_size_that_is_too_small_is_an_error() -> None:
    with pytest.raises(CacheError, match="at least 1 MiB"):
        parse_cache_size("10kb")
