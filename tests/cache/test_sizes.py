"""How much disk the cache may take, as users write it."""

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
def test_what_is_no_size_is_refused_with_how_to_write_it(text: str) -> None:
    with pytest.raises(CacheError, match="'2GiB' or '500MB', or 'off'"):
        parse_cache_size(text)


def test_a_cache_too_small_for_anything_is_refused() -> None:
    with pytest.raises(CacheError, match="at least 1 MiB"):
        parse_cache_size("10kb")
